package Weir::Process;

# A child process of a test. It ends with its guard, or with the test, by its pid and nothing else. One
# that died alone fails the test; so does one that runs to the end of it and then does not end well.
# When a test fails, the logs are shown.
#
#   my $node = Weir::Process->start([ 'weir-node', @options ], name => 'n1');
#   my $addr = $node->wait_log(qr/msg=listening .*addr=(\S+)/);
#   is($node->end, 0, 'it ends well');
use v5.36;
use POSIX qw(WNOHANG);
use Scalar::Util qw(weaken);
use Test::More ();
use Weir::Test qw(bin_dir folder slurp);
use Weir::Wait qw(until_true);

use constant END_SECONDS => 20;

my @guards; # weak, in the order of their start
my $n_started = 0;
my $owner = $$;

# The program is one of ours, or found in PATH. stdout: a file of its own, else it goes into the log as stderr does.
# stderr: a handle, instead of the log. may_end: it is no surprise when it ends well by itself.
sub start ($class, $command, %options) {
    my ($program, @arguments) = @$command;
    my $path = $program =~ /^weir/ ? bin_dir() . "/$program" : $program;
    die "$path is not there: build first\n" if $program =~ /^weir/ && !-x $path;
    my $self = bless { name => $options{name} // $program, program => $program, owner => $$, may_end => $options{may_end},
        logfile => sprintf '%s/log.%d', folder(), ++$n_started }, $class;
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        open STDIN, '<', '/dev/null';
        $options{stderr} ? open STDERR, '>&', $options{stderr} : open STDERR, '>', $self->{logfile};
        $options{stdout} ? open STDOUT, '>', $options{stdout} : open STDOUT, '>&', \*STDERR;
        # whatever becomes of the test, nothing stays behind
        { no warnings 'exec'; exec 'setpriv', '--pdeathsig', 'KILL', $path, @arguments }
        print STDERR "setpriv: $!\n";
        POSIX::_exit(127);
    }
    push @guards, $self;
    weaken($guards[-1]);
    return $self;
}

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
sub wait_end ($self, $seconds = END_SECONDS) {
    return until_true($seconds, sub { $self->has_ended }) ? $self->_exit_status : undef;
}

# STOP and CONT; any other one is meant to end it.
sub signal ($self, $signal) {
    $self->_take_status;
    return 0 if defined $self->{status};
    $self->{is_expected} = 1 if $signal !~ /^(?:STOP|CONT)$/;
    return kill $signal => $self->{pid};
}

# SIGTERM; its exit status. One that does not end is killed, and the status tells.
sub end ($self, $seconds = END_SECONDS) {
    $self->_check;
    $self->signal($_) for qw(CONT TERM);
    my $status = $self->wait_end($seconds);
    return $status if defined $status;
    Test::More::diag("$self->{name} does not end on SIGTERM\n" . $self->tail);
    return $self->kill_now;
}

sub kill_now ($self) {
    $self->signal('KILL');
    return $self->wait_end;
}

# The first capture of a pattern in its log, once it is there.
sub wait_log ($self, $pattern, $seconds = 10) {
    my @found;
    Weir::Test::wait_until(sub { @found = $self->log =~ $pattern }, $seconds, "$self->{name} to log $pattern");
    return $found[0];
}

# ---- all of them ----

sub _mine { return grep { defined && $_->{owner} == $$ } @guards }

# False: one has died alone, and the test has failed.
sub check_all () {
    my $n_dead = grep { !$_->_check } _mine();
    return !$n_dead;
}

sub tails () { return join '', map { $_->tail } _mine() }

# The last started first; all of one program at once.
sub _end_all {
    while (my @running = grep { !$_->has_ended } _mine()) {
        my @same = grep { $_->{program} eq $running[-1]{program} } @running;
        for my $process (@same) { $process->signal($_) for qw(CONT TERM) }
        for my $process (@same) {
            my $status = $process->wait_end // $process->kill_now;
            Test::More::fail("$process->{name} ends well (status $status)") if $status;
        }
    }
}

sub _take_status ($self) {
    return if defined $self->{status} || waitpid($self->{pid}, WNOHANG) != $self->{pid};
    $self->{status} = $?;
}

sub _exit_status ($self) { return $self->{status} & 127 ? -($self->{status} & 127) : $self->{status} >> 8 }

sub _check ($self) {
    $self->_take_status;
    return 1 if !defined $self->{status} || $self->{is_expected}++ || $self->{may_end} && $self->{status} == 0;
    Test::More::fail("$self->{name} died alone (status " . $self->_exit_status . ')');
    Test::More::diag($self->tail);
    return 0;
}

sub DESTROY ($self) {
    return if !$self->{pid} || $self->{owner} != $$;
    local ($?, $@, $!);
    $self->_check;
    $self->kill_now if !defined $self->{status};
}

# What must run for DESTROY and END to do so.
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
$SIG{ALRM} = sub { die "out of time\n" };

END {
    if ($$ == $owner) {
        my $status = $?;
        check_all();
        my $is_fine = !$status && Test::More->builder->is_passing;
        my $tails = $is_fine ? '' : tails();
        _end_all();
        Test::More::diag($tails) if $tails;
        $? = $status || (Test::More->builder->is_passing ? 0 : 1);
    }
}

1;
