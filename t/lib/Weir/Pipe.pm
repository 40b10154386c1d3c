package Weir::Pipe;

# A pipe as a program's stderr, which the test reads, or lets run full.
#
#   my $pipe = Weir::Pipe->new;
#   my $node = Weir::Process->start([...], stderr => $pipe->end);
#   $pipe->wait_line(qr/msg=listening .*addr=(\S+)/);
#   $pipe->fill;                              # from now on a write blocks
#   $pipe->wait_line(qr/msg="what came"/);    # reads on, so writes go on
use v5.36;
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK O_WRONLY);
use Time::HiRes qw(sleep time);
use Weir::Test;

use constant F_SETPIPE_SZ => 1031;

sub new ($class) {
    pipe my $from, my $to or die "pipe: $!";
    fcntl $to, F_SETPIPE_SZ, 4096;
    fcntl $from, F_SETFL, fcntl($from, F_GETFL, 0) | O_NONBLOCK;
    return bless { from => $from, to => $to, text => '' }, $class;
}

sub end ($self) { return $self->{to} }

# Opened once more, since O_NONBLOCK on the program's own end would change what it sees.
sub fill ($self) {
    sysopen my $again, '/proc/self/fd/' . fileno $self->{to}, O_WRONLY | O_NONBLOCK or die "open: $!";
    1 while syswrite $again, "full\n" x 100;
    1 while syswrite $again, "\n";
    return;
}

sub text ($self) {
    1 while sysread $self->{from}, $self->{text}, 65536, length $self->{text};
    return $self->{text};
}

# The first capture of the pattern, once it was read.
sub wait_line ($self, $pattern, $seconds = 10) {
    my @found;
    wait_until { @found = $self->text =~ $pattern } $seconds, "a line $pattern";
    return $found[0];
}

1;
