package Bench::Process;

# A child of a benchmark. It ends with its guard, or with the benchmark, by its pid and nothing else.
#
#   my $sink = Bench::Process->start([ 'weir-bench-sink' ]);
#   my $addr = $sink->wait_log(qr/addr=(\S+)/);
#   my $us = $sink->cpu_us;    # of it and of its children so far, all threads
use v5.36;
use Bench::Prepare;
use Exporter qw(import);
use POSIX ();
use Time::HiRes qw(time);
use Weir::Base qw(folder free_port slurp until_true);
use Weir::Child;
use parent -norequire, 'Weir::Child';

our @EXPORT_OK = qw(folder free_port slurp wait_until);

my $owner = $$;
my $us_per_tick = 1e6 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $page_bytes = POSIX::sysconf(POSIX::_SC_PAGESIZE());

# What the block returns once that is true. Dies when it stays false for too long.
sub wait_until : prototype(&$$) ($check, $seconds, $what) {
    return until_true($seconds, $check, 0.002) // die "waited too long for: $what\n";
}

# It may open as many files as the system allows.
sub start ($class, $command, %options) {
    my $started = time;
    my $self = $class->SUPER::start($command, many_files => 1, death => 'TERM', %options);
    $self->{started} = $started;
    return $self;
}

sub started ($self) { return $self->{started} }

# The first capture of a pattern in what it prints, once it is there.
sub wait_log ($self, $pattern, $seconds = 10) {
    my @found;
    wait_until { @found = $self->log =~ $pattern or $self->check; @found } $seconds, "$self->{name} to print $pattern";
    return $found[0];
}

# Dies if it has ended by itself.
sub check ($self) {
    return 1 if !$self->_died_alone;
    die "$self->{name} has ended by itself (status " . $self->_exit_status . "):\n" . $self->log;
}

sub check_all () { $_->check for grep { $_->isa(__PACKAGE__) } Weir::Child::guards() }

# Its exit status once it has ended by itself; dies if it does not in time.
sub wait_end ($self, @seconds) {
    return $self->SUPER::wait_end(@seconds) // die "waited too long for: $self->{name} to end\n";
}

sub end ($self) { $self->ask_to_end if !$self->has_ended }

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
    return if !$self->{pid} || $self->{owner} != $$;
    local ($?, $@, $!);
    $self->end;
}

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

END {
    if ($$ == $owner) {
        my $status = $?;
        $_->end for grep { $_->isa(__PACKAGE__) } reverse Weir::Child::guards();
        $? = $status;
    }
}

1;
