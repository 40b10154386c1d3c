package Chaos::Rude;

# Answers of an analyzer that does not do its work: a request is swallowed whole, and then something is said instead
# of it. Nothing here may be taken for a 2xx: nobody has the packets.
use v5.36;

my @garbage = (
    "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    "HTTP/1.1 abc Accepted\r\nContent-Length: 0\r\n\r\n",
    "\0\x{ff}\x{fe}\x{01}" x 64,
    "\r\n\r\n\r\n\r\n",
    "HTTP/1.1\r\n\r\n",
    "<html><body>accepted 202</body></html>\n",
    'HTTP/1.1 2',
);

sub _refusal ($line, @headers) {
    my $body = '{"error":"chaos"}';
    return join "\r\n", "HTTP/1.1 $line", 'Content-Type: application/json', 'Content-Length: ' . length $body, @headers, '', $body;
}

# Mode -> [what is said, whether the connection ends with it]. Nothing said: silence.
my %answers = (
    status500 => sub ($n) { (_refusal('500 Internal Server Error'), 0) },
    status503 => sub ($n) { (_refusal('503 Service Unavailable', $n % 3 ? 'Retry-After: 1' : ()), 0) },
    garbage => sub ($n) { ($garbage[ $n % @garbage ], 1) },
    silent => sub ($n) { () },
);

# How much of a true answer gets through: an end in the version, in the status, in the header section, in the body.
sub part_of ($answer) {
    state $n = 0;
    my $length = length $answer;
    return substr $answer, 0, (4, 10, 11, $length / 2, $length - 1)[ $n++ % 5 ];
}

sub is_mode ($mode) { return exists $answers{$mode} }

sub new ($class, $mode) { return bless { mode => $mode, seen => '', n_left => undef }, $class }

# More bytes of the request. False: there is more to come; else [what is said, whether the connection ends].
sub feed ($self, $bytes) {
    state $n = 0;
    if (!defined $self->{n_left}) {
        $self->{seen} .= $bytes;
        my ($head, $body) = $self->{seen} =~ /^(.*?\r\n)\r\n(.*)/s or return;
        my ($length) = $head =~ /^Content-Length:\s*(\d+)/mi;
        $self->{n_left} = ($length // 0) - length $body;
    } else {
        $self->{n_left} -= length $bytes;
    }
    return if $self->{n_left} > 0;
    return [ $answers{ $self->{mode} }->($n++) ];
}

1;
