package Weir::Redis;

# A private redis-server: its own folder, a free port on loopback, nothing is written. And a client of few words.
# WEIR_REDIS_SERVER is another program that can stand in for redis-server, such as valkey-server.
#
# Options: arguments => [of the server, besides], port => its own, password => what a client must know.
use v5.36;
use IO::Socket::INET;
use Weir::Process;
use Weir::Test qw(bin_dir folder free_port slurp);

sub program () { return $ENV{WEIR_REDIS_SERVER} // 'redis-server' }

sub new ($class, %options) {
    my $self = bless { port => free_port, arguments => [], %options }, $class;
    $self->start or die "redis-server does not come up\n" . $self->{process}->tail;
    return $self;
}

# One that somebody else runs.
sub at ($class, $port, %more) { return bless { port => $port, %more }, $class }

# Again at the same port, and empty.
sub start ($self) {
    $self->{process} = Weir::Process->start([ program, '--port', $self->{port}, '--bind', '127.0.0.1', '--dir', folder(),
        '--save', '', '--appendonly', 'no', @{ $self->{arguments} } ], name => 'redis');
    Weir::Test::wait_until(sub { $self->{process}->has_ended || eval { $self->command('PING') } }, 10, 'redis-server');
    return !$self->{process}->has_ended;
}

sub url ($self) { return "redis://127.0.0.1:$self->{port}/0" }
sub port ($self) { return $self->{port} }
sub process ($self) { return $self->{process} }

sub stop ($self) { delete $self->{socket}; return $self->{process}->end }
sub hang_up ($self) { delete $self->{socket} }
sub kill_now ($self) { delete $self->{socket}; return $self->{process}->kill_now }
sub freeze ($self) { return $self->{process}->signal('STOP') }
sub thaw ($self) { return $self->{process}->signal('CONT') }

sub _read ($socket) {
    my $line = readline($socket) // die "redis closed the connection\n";
    my ($type, $rest) = $line =~ /^(.)(.*)\r\n\z/s or die "redis: $line";
    return $rest if $type eq '+' || $type eq ':';
    die "redis: $rest\n" if $type eq '-';
    return undef if $rest < 0;
    return [ map { _read($socket) } 1 .. $rest ] if $type eq '*';
    read($socket, my $bulk, $rest + 2) == $rest + 2 or die "redis closed the connection\n";
    return substr $bulk, 0, $rest;
}

sub _say ($self, @words) {
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{socket} } '*' . @words . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @words;
    return _read($self->{socket});
}

# One command: its reply, arrays as array references. Dies of an error reply.
sub command ($self, @words) {
    my $is_new = !$self->{socket};
    $self->{socket} //= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 5) // die "redis: $@\n";
    my $reply = eval {
        $self->_say(AUTH => $self->{password}) if $is_new && defined $self->{password};
        $self->_say(@words);
    };
    return $reply if !$@;
    delete $self->{socket} if $@ =~ /closed/;
    die $@;
}

# Calls by command since the last CONFIG RESETSTAT: {evalsha => 12, ...}
sub command_calls ($self) { return { $self->command('INFO', 'commandstats') =~ /^cmdstat_([^:]+):calls=(\d+)/mg } }

sub hash ($self, $key) { return { @{ $self->command('HGETALL', $key) } } }

# Runs a script of lua/ as it is built in, with the keys that its header names.
sub script ($self, $name, $pool, @argv) {
    my $text = slurp(bin_dir() . "/../lua/$name.lua") || die "lua/$name.lua is not there: build first\n";
    my ($keys) = $text =~ /\n-- KEYS\n(.*?)\n-- ARGV\n/s;
    my @keys = map { "weir:{$pool}:$_" } $keys =~ /\d+ ([a-z_]+) [A-Z]+/g;
    return $self->command('EVAL', $text, scalar @keys, @keys, @argv);
}

1;
