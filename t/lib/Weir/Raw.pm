package Weir::Raw;

# A client that sends what it is told, byte for byte, and reads answers as strictly as it can.
#
#   my $client = Weir::Raw->connect($node->{ingest});
#   $client->send(request(POST => '/ingest', '{"a":1}'));
#   my $answer = $client->answer;    # {status, headers (names in lower case), body, code, messages}
use v5.36;
use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

our @EXPORT = qw(request chunked);

$SIG{PIPE} = 'IGNORE';

# A request. Headers: 'Name: value'. With a body there is a Content-Length, unless a header frames it.
sub request ($method, $path, $body = undef, @headers) {
    push @headers, 'Content-Length: ' . length $body
        if defined $body && !grep { /^(?:Content-Length|Transfer-Encoding):/i } @headers;
    return join "\r\n", "$method $path HTTP/1.1", 'Host: localhost', @headers, '', $body // '';
}

# A chunked body of these pieces.
sub chunked (@pieces) { return join '', (map { sprintf "%x\r\n%s\r\n", length, $_ } @pieces), "0\r\n\r\n" }

# rcvbuf: bytes the kernel keeps for this client; from: its address.
sub connect ($class, $addr, %options) {
    my ($host, $port) = $addr =~ /^(.*):(\d+)$/;
    my $socket = IO::Socket::INET->new(Proto => 'tcp') // die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, $options{rcvbuf} if $options{rcvbuf};
    bind $socket, Socket::pack_sockaddr_in(0, Socket::inet_aton($options{from})) or die "bind: $!" if $options{from};
    CORE::connect $socket, Socket::pack_sockaddr_in($port, Socket::inet_aton($host)) or return undef;
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    return bless { socket => $socket, in => '', select => IO::Select->new($socket) }, $class;
}

# All of it, and true; or false: the other side has closed, or takes nothing for the given seconds; the rest is `unsent`.
sub send ($self, $bytes, $seconds = 10) {
    $self->{socket}->blocking(0);
    while (length $bytes) {
        my $n = syswrite $self->{socket}, $bytes;
        if ($n) { substr $bytes, 0, $n, '' }
        elsif (!$!{EAGAIN} || !$self->{select}->can_write($seconds)) { last }
    }
    $self->{socket}->blocking(1);
    $self->{unsent} = $bytes;
    return !length $bytes;
}

sub half_close ($self) { shutdown $self->{socket}, 1 }
sub close ($self) { CORE::close $self->{socket} }

sub reset ($self) {
    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    CORE::close $self->{socket};
}

# More bytes, within the time: true. $self->{end} says why there are no more: 'eof', 'reset'.
sub _read_more ($self, $deadline) {
    my $left = $deadline - time;
    return 0 if $self->{end} || !$self->{select}->can_read($left > 0 ? $left : 0);
    my $n = sysread $self->{socket}, $self->{in}, 1 << 16, length $self->{in};
    $self->{end} = defined $n ? 'eof' : 'reset' if !$n;
    return $n;
}

# The next answer, or undef: none in time, or no more. head => 1: of a HEAD request.
sub answer ($self, %options) {
    my $deadline = time + ($options{seconds} // 60);
    until ($self->{in} =~ /\r\n\r\n/) { return undef if !$self->_read_more($deadline) }
    my ($head, $rest) = split /\r\n\r\n/, $self->{in}, 2;
    my ($status_line, @lines) = split /\r\n/, $head;
    my ($status) = $status_line =~ m{^HTTP/1\.1 (\d{3}) [A-Z][A-Za-z ]+\z} or die "bad status line: $status_line\n";
    my %headers;
    for (@lines) {
        my ($name, $value) = /^([A-Za-z-]+): (\S.*)\z/ or die "bad field: $_\n";
        die "twice: $name\n" if exists $headers{ lc $name };
        $headers{ lc $name } = $value;
    }
    my $length = $options{head} || $status < 200 ? 0 : $headers{'content-length'} // ($status == 204 ? 0 : die "no length\n");
    $self->{in} = $rest;
    while (length $self->{in} < $length) { return undef if !$self->_read_more($deadline) }
    my %answer = (status => $status, headers => \%headers, body => substr($self->{in}, 0, $length, ''));
    my $json = ($headers{'content-type'} // '') =~ /json/ && $length ? decode_json($answer{body}) : {};
    return { %answer, %$json{qw(code messages)} };
}

# Answers until there are no more, or $n of them.
sub answers ($self, $n = 1e9) {
    my @answers;
    while (@answers < $n and my $answer = $self->answer) { push @answers, $answer }
    return @answers;
}

# More bytes, within the time: true.
sub read_more ($self, $seconds) { return $self->_read_more(time + $seconds) }

# 'eof' or 'reset' once the other side has ended the connection and all was read; 'data' if there is
# an answer that nobody asked for; '': still open after the given seconds.
sub ending ($self, $seconds = 60) {
    my $deadline = time + $seconds;
    while (!length $self->{in} && $self->_read_more($deadline)) { }
    return length $self->{in} ? 'data' : $self->{end} // '';
}

1;
