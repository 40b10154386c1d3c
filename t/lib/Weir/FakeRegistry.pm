package Weir::FakeRegistry;

# The admin port of a node, as far as an analyzer talks to it, inside the test's own process: requests
# wait in the backlog until the test looks for them.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP qw(decode_json encode_json);
use Time::HiRes qw(time);
use Weir::Base qw(deadline);

my %usual = (
    PUT => [201, {instance => 'i1', epoch => 1, ttl_ms => 10000, heartbeat_ms => 200}],
    POST => [200, {epoch => 1, fault => undef}],
    DELETE => [200, {epoch => 2}],
);

sub new {
    my ($class) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 64)
        or die "listen: $!";
    return bless {
        listener => $listener,
        select => IO::Select->new($listener),
        unread => {},      # connection -> bytes of a request that is not whole
        answers => {},     # method -> [status, body] instead of the usual one, used once
        unseen => [],      # calls that no wait_for has looked at
    }, $class;
}

sub url { return 'http://127.0.0.1:' . $_[0]{listener}->sockport }

# The next call of this method is answered so.
sub answer_once {
    my ($self, $method, $status, $body) = @_;
    $self->{answers}{$method} = [$status, $body];
}

# The next call for which $wanted->($call) is true; calls before it are dropped. undef: none in time.
# A call: {method, path, body (decoded), headers (text)}.
sub wait_for {
    my ($self, $seconds, $wanted) = @_;
    my $deadline = deadline($seconds);
    while (1) {
        while (my $call = shift @{ $self->{unseen} }) {
            return $call if $wanted->($call);
        }
        my $left = $deadline - time;
        return undef if $left <= 0;
        $self->_serve($_) for $self->{select}->can_read($left);
    }
}

sub _serve {
    my ($self, $socket) = @_;
    if ($socket == $self->{listener}) {
        $self->{select}->add(scalar $socket->accept);
        return;
    }
    if (!sysread $socket, my $bytes, 65536) {
        $self->{select}->remove($socket);
        delete $self->{unread}{$socket};
        close $socket;
        return;
    } else {
        $self->{unread}{$socket} .= $bytes;
    }
    while ($self->{unread}{$socket} =~ /^(.*?)\r\n\r\n/s) {
        my $head = $1;
        my ($length) = $head =~ /^content-length: (\d+)/im;
        my $total = length($head) + 4 + ($length // 0);
        last if length $self->{unread}{$socket} < $total;
        my $request = substr $self->{unread}{$socket}, 0, $total, '';
        $self->_answer($socket, $head, substr $request, length($head) + 4);
    }
}

sub _answer {
    my ($self, $socket, $head, $body) = @_;
    my ($method, $path) = $head =~ /^(\S+) (\S+)/;
    my $answer = delete $self->{answers}{$method} // $usual{$method} // [405, {}];
    my $json = encode_json($answer->[1] // {});
    push @{ $self->{unseen} },
        {method => $method, path => $path, headers => $head, body => decode_json($body || '{}')};
    syswrite $socket, "HTTP/1.1 $answer->[0] X\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($json) . "\r\n\r\n$json";
}

1;
