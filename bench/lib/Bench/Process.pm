package Bench::Process;

# A child of a benchmark. It ends with its guard, or with the benchmark, by its pid and nothing else.
#
#   my $sink = Bench::Process->start([ 'weir-bench-sink' ]);
#   my $addr = $sink->wait_log(qr/addr=(\S+)/);
#   my $us = $sink->cpu_us;    # of it and of its children so far, all threads
use v5.36;
use Bench::Prepare;
use Exporter qw(import);
use File::Temp;
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(folder free_port slurp wait_until);
use constant END_SECONDS => 10;

my ($owner, $n_started, @guards) = ($$, 0); # guards: weak, in the order of their start
my $us_per_tick = 1e6 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $page_bytes = POSIX::sysconf(POSIX::_SC_PAGESIZE());

# Of this run; removed with it.
sub folder () {
    state $dir = File::Temp->newdir('weir-bench-XXXXXX', TMPDIR => 1);
    return "$dir";
}

sub slurp ($path) {
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# A port of 127.0.0.1 that nobody listens on, for those who cannot take port 0.
sub free_port () {
    state %given;
    for (1 .. 100) {
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Proto => 'tcp') or die "listen: $@\n";
        return $socket->sockport if !$given{ $socket->sockport }++;
    }
    die "no free port\n";
}

# What the block returns once that is true. Dies when it stays false for so many seconds.
sub wait_until : prototype(&$$) ($check, $seconds, $what) {
    my $deadline = time + $seconds;
    while (1) {
        my $result = $check->();
        return $result if $result;
        die "waited $seconds s in vain for: $what\n" if time > $deadline;
        sleep 0.002;
    }
}

# The program is one of ours, or found in PATH. It may open as many files as the system allows.
sub start ($class, $command, %options) {
    my ($program, @arguments) = @$command;
    my $path = $program =~ /^weir/ ? Bench::Prepare::bin_dir() . "/$program" : $program;
    my $log = sprintf '%s/log.%d', folder, ++$n_started;
    my $self = bless { name => $options{name} // $program, log => $log, started => time }, $class;
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        open STDIN, '<', '/dev/null';
        open STDERR, '>', $log;
        open STDOUT, '>', $options{stdout} // "$log.out";
        { no warnings 'exec'; exec 'sh', '-c', 'ulimit -n "$(ulimit -Hn)"; exec setpriv --pdeathsig TERM "$@"', 'sh', $path, @arguments }
        POSIX::_exit(127);
    }
    push @guards, $self;
    weaken($guards[-1]);
    return $self;
}

sub pid ($self) { return $self->{pid} }
sub log ($self) { return slurp($self->{log}) . slurp("$self->{log}.out") }
sub started ($self) { return $self->{started} }

# The first capture of a pattern in what it prints, once it is there.
sub wait_log ($self, $pattern, $seconds = 10) {
    my @found;
    wait_until { @found = $self->log =~ $pattern or $self->check; @found } $seconds, "$self->{name} to print $pattern";
    return $found[0];
}

# Dies if it has ended by itself.
sub check ($self) {
    return 1 if !defined $self->_status;
    die "$self->{name} has ended by itself (status $self->{status}):\n" . $self->log;
}

sub check_all () { $_->check for grep { defined && $_->{pid} && !$_->{is_ending} } @guards }

sub _status ($self) {
    $self->{status} = $? >> 8 || $? if !defined $self->{status} && waitpid($self->{pid}, WNOHANG) == $self->{pid};
    return $self->{status};
}

# Its exit status once it has ended by itself; dies if it does not in time.
sub wait_end ($self, $seconds) {
    $self->{is_ending} = 1;
    wait_until { defined $self->_status } $seconds, "$self->{name} to end";
    return $self->{status};
}

sub end ($self) {
    return if $self->{is_ending}++ && defined $self->_status;
    kill TERM => $self->{pid} if !defined $self->_status;
    eval { wait_until { defined $self->_status } END_SECONDS, 'end'; 1 } and return;
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

# ---- what it costs ----

# Itself and its children, as they are now.
sub _family ($self) {
    my %parent = map { slurp($_) =~ /^(\d+) \(.*\) \S (\d+)/s ? ($1 => $2) : () } glob '/proc/[0-9]*/stat';
    return ($self->{pid}, grep { $parent{$_} == $self->{pid} } keys %parent);
}

# CPU time so far, of all threads.
sub cpu_us ($self) {
    my @family = @{ $self->{family} //= [ $self->_family ] };
    my $ticks = 0;
    for my $pid (@family) {
        my @fields = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\) //sr;
        $ticks += $fields[11] + $fields[12];
    }
    return $ticks * $us_per_tick;
}

sub rss_bytes ($self) {
    my $pages = 0;
    $pages += (split ' ', slurp("/proc/$_/statm"))[1] for $self->_family;
    return $pages * $page_bytes;
}

# ---- the end ----

sub DESTROY ($self) {
    return if !$self->{pid} || $$ != $owner;
    local ($?, $@, $!);
    $self->end;
}

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

END {
    if ($$ == $owner) {
        my $status = $?;
        $_->end for grep { defined } reverse @guards;
        $? = $status;
    }
}

1;
