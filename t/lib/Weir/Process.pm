package Weir::Process;

# A child process of a test. It ends with its guard, or with the test, by its pid and nothing else. One
# that died alone fails the test; so does one that runs to the end of it and then does not end well.
# When a test fails, the logs are shown.
#
#   my $node = Weir::Process->start([ 'weir-node', @options ], name => 'n1');
#   my $addr = $node->wait_log(qr/msg=listening .*addr=(\S+)/);
#   is($node->end, 0, 'it ends well');
use v5.36;
use parent -norequire, 'Weir::Child';
use Test::More ();
use Weir::Child;
use Weir::Test;

my $owner = $$;

# SIGTERM; its exit status. One that does not end is killed, and the status tells.
sub end ($self, @seconds) {
    $self->_check;
    my $status = $self->ask_to_end(@seconds);
    return $status if defined $status;
    Test::More::diag("$self->{name} did not end on SIGTERM\n" . $self->tail);
    return $self->wait_end;
}

# The first capture of a pattern in its log, once it is there.
sub wait_log ($self, $pattern, $seconds = 10) {
    my @found;
    Weir::Test::wait_until(sub { @found = $self->log =~ $pattern }, $seconds, "$self->{name} to log $pattern");
    return $found[0];
}

# ---- all of them ----

sub _mine { return grep { $_->isa(__PACKAGE__) } Weir::Child::guards() }

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

sub _check ($self) {
    return 1 if !$self->_died_alone;
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
