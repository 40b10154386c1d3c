package Bench::Redis;

# A private redis-server, without persistence, and what it was asked to do.
use v5.36;
use Bench::Process qw(folder free_port wait_until);

sub start ($class) {
    my $port = free_port;
    my $self = bless { port => $port }, $class;
    $self->{process} = Bench::Process->start([ 'redis-server', '--port', $port, '--bind', '127.0.0.1', '--dir', folder,
        '--save', '', '--appendonly', 'no' ]);
    wait_until { $self->{process}->check && $self->cli('ping') =~ /PONG/ } 10, 'redis-server';
    return $self;
}

sub url ($self) { return "redis://127.0.0.1:$self->{port}/0" }
sub process ($self) { return $self->{process} }

sub cli ($self, @words) {
    open my $out, '-|', 'sh', '-c', 'exec redis-cli -p "$@" 2>/dev/null', 'sh', $self->{port}, @words or die "redis-cli: $!\n";
    local $/;
    return <$out> // '';
}

# So far: script calls, the time it spent in them (us), CPU time of the process (us).
sub usage ($self) {
    my $info = $self->cli('info', 'all');
    my ($calls, $us) = $info =~ /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m;
    my $cpu_s = 0;
    $cpu_s += $1 while $info =~ /^used_cpu_(?:sys|user):([\d.]+)/mg;
    return { calls => $calls // 0, script_us => $us // 0, cpu_us => $cpu_s * 1e6 };
}

1;
