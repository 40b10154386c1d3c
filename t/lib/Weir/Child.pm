package Weir::Child;

# A child process, which is ended by its pid and nothing else. What an unexpected end means is up to the classes above:
# Weir::Process for tests, Bench::Process for benchmarks.
use v5.36;
use POSIX qw(WNOHANG);
use Scalar::Util qw(weaken);
use Weir::Base qw(folder program_path slurp until_true);

use constant END_SECONDS => 20;

my @guards; # weak, in the order of their start
my $n_started = 0;

# The program is one of ours, or found in PATH. stdout: a file of its own, else it goes into the log as stderr does.
# stderr: a handle, instead of the log. may_end: it is no surprise when it ends well by itself. many_files: as many as
# the system allows. death: the signal that it gets should we be killed.
sub start ($class, $command, %options) {
    my ($program, @arguments) = @$command;
    my $path = $program =~ /^weir/ ? program_path($program) : $program;
    my @how = ('setpriv', '--pdeathsig', $options{death} // 'KILL'); # whatever becomes of us, nothing stays behind
    @how = ('sh', '-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', @how) if $options{many_files};
    my $self = bless { name => $options{name} // $program, program => $program, owner => $$, may_end => $options{may_end},
        logfile => sprintf '%s/log.%d', folder(), ++$n_started }, $class;
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        open STDIN, '<', '/dev/null';
        $options{stderr} ? open STDERR, '>&', $options{stderr} : open STDERR, '>', $self->{logfile};
        $options{stdout} ? open STDOUT, '>', $options{stdout} : open STDOUT, '>&', \*STDERR;
        { no warnings 'exec'; exec @how, $path, @arguments }
        print STDERR "$how[0]: $!\n";
        POSIX::_exit(127);
    }
    push @guards, $self;
    weaken($guards[-1]);
    return $self;
}

# Those of this process, in the order of their start.
sub guards { return grep { defined && $_->{owner} == $$ } @guards }

sub pid ($self) { return $self->{pid} }
sub name ($self) { return $self->{name} }
sub log ($self) { return slurp($self->{logfile}) }

sub tail ($self) {
    my @lines = split /\n/, $self->log;
    splice @lines, 0, @lines - 40 if @lines > 40;
    return join "\n", "--- $self->{name}", @lines, '';
}

# From then on its end is no surprise.
sub has_ended ($self) {
    $self->_take_status;
    $self->{is_expected} = 1 if defined $self->{status};
    return defined $self->{status};
}

# Its exit status (negative: the signal that ended it), undef: it goes on.
sub wait_end ($self, $seconds = END_SECONDS) { return $self->_await($seconds) }

sub _await ($self, $seconds) {
    return until_true($seconds, sub { $self->has_ended }, 0.005) ? $self->_exit_status : undef;
}

# STOP and CONT; any other one is meant to end it.
sub signal ($self, $signal) {
    $self->_take_status;
    return 0 if defined $self->{status};
    $self->{is_expected} = 1 if $signal !~ /^(?:STOP|CONT)$/;
    return kill $signal => $self->{pid};
}

sub kill_now ($self) {
    $self->signal('KILL');
    return $self->_await(END_SECONDS);
}

# SIGTERM; its exit status. undef: it did not end, and was killed.
sub ask_to_end ($self, $seconds = END_SECONDS) {
    $self->signal($_) for qw(CONT TERM);
    my $status = $self->_await($seconds);
    $self->kill_now if !defined $status;
    return $status;
}

sub _take_status ($self) {
    return if defined $self->{status} || waitpid($self->{pid}, WNOHANG) != $self->{pid};
    $self->{status} = $?;
}

sub _exit_status ($self) { return $self->{status} & 127 ? -($self->{status} & 127) : $self->{status} >> 8 }

# It has ended by itself, which nobody wanted; told once.
sub _died_alone ($self) {
    $self->_take_status;
    return defined $self->{status} && !($self->{is_expected}++ || $self->{may_end} && $self->{status} == 0);
}

1;
