# Opens connections, sends one packet over each, and keeps them: idle.pl ADDRESS N
use v5.36;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_LINGER TCP_NODELAY);

my ($addr, $n) = @ARGV;
my $body = '{"messages":[' . join(',', map { '{"msg":"' . 'x' x 220 . '"}' } 1 .. 5) . ']}';
my $request = "POST /ingest HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: "
    . length($body) . "\r\n\r\n$body";
my @connections;
for my $i (1 .. $n) {
    my $socket = IO::Socket::INET->new(PeerAddr => $addr, Proto => 'tcp') or die "connection $i: $@\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0; # nothing lingers when they go
    syswrite $socket, $request;
    sysread $socket, my $answer, 4096 or die "connection $i: no answer\n";
    $answer =~ m{^HTTP/1\.1 2} or die "connection $i: $answer\n";
    push @connections, $socket;
}
$| = 1;
say "open $n";
sleep;
