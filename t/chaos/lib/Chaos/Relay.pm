package Chaos::Relay;

# The relay as the harness sees it: a process of its own between nodes and analyzers and between nodes and Redis,
# steered by lines over a socket. It ends when that socket does.
use v5.36;
use IO::Handle;
use POSIX ();
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Chaos::Wire;

# Ways: [{listener, to => port, server => 'a1' or 'redis', client => 'n1', or undef: whoever it is}].
sub start ($class, @ways) {
    socketpair my $here, my $there, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die "socketpair: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(TERM HUP ALRM);
        $SIG{INT} = $SIG{PIPE} = 'IGNORE';
        close $here;
        eval { Chaos::Wire->new($there, @ways)->run; 1 } or print STDERR "relay: $@";
        POSIX::_exit($@ ? 1 : 0);
    }
    close $there;
    $here->autoflush(1);
    return bless { socket => $here, pid => $pid, owner => $$ }, $class;
}

sub _say ($self, @words) {
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{socket} } "@words\n" or die "the relay is gone\n";
}

# What a path does from now on: pass, reset, cut MS, hold, delay MS, half PROBES, status500 PROBES and so on.
sub rule ($self, $path, $mode, @argument) { $self->_say('rule', $path, $mode, @argument) }

# Connections to analyzers on which a packet with the word POISON travels are reset: on or off.
sub poison ($self, $how) { $self->_say('poison', $how) }

# The process that is this node now.
sub client ($self, $node, $pid) { $self->_say('client', $node, $pid) }

# What it did, by kind: {status500 => 12, cut => 3, ...}.
sub counts ($self) {
    $self->_say('counts');
    my $line = readline($self->{socket}) // die "the relay is gone\n";
    return { $line =~ /(\w+)=(\d+)/g };
}

sub stop ($self) {
    return if !$self->{pid} || $self->{owner} != $$;
    local $?;
    close $self->{socket};
    kill KILL => $self->{pid};
    waitpid delete $self->{pid}, 0;
}

sub DESTROY ($self) { $self->stop }

1;
