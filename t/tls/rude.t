# Who is slow, floods or says nonsense at the TLS port costs others nothing: packets of connections that stand go on.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key, '--header-timeout', '1s' ]);
my $node = $cluster->node(1);
my $tls = $node->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);

sub dial () { return IO::Socket::INET->new(PeerAddr => $tls, Proto => 'tcp') // die "connect: $@" }

# The other side has closed it: what it said is read, and then the end.
sub is_closed ($socket) {
    while (1) {
        my $seen = '';
        vec($seen, fileno $socket, 1) = 1;
        return 0 if !select($seen, undef, undef, 0);
        return 1 if !sysread($socket, my $bytes, 4096);
    }
}

# A ClientHello of TLS 1.2, whole: its server must make a key and sign it.
my $hello = do {
    my $extensions = pack('H*', '000a00060004001d0017' . '000b00020100' . '000d000a00080403080404010401') ;
    my $body = "\x03\x03" . ("r" x 32) . "\0" . pack('n n2', 4, 0xc02b, 0xc02f) . "\x01\0" . pack('n', length $extensions) . $extensions;
    my $handshake = "\x01" . substr(pack('N', length $body), 1) . $body;
    "\x16\x03\x01" . pack('n', length $handshake) . $handshake;
};
{
    my $probe = dial;
    print {$probe} $hello;
    $probe->flush;
    sysread $probe, my $answer, 3;
    is(unpack('H*', $answer), '160303', 'a ClientHello is answered');
}

my $load = $cluster->begin_load(rate => 300, connections => 8, duration => 0);
wait_until { return ($cluster->counts->{a1} // 0) > 300 } 20, 'the load is on';

# ---- drips ----

my @drips = map { dial } 1 .. 50;
for my $byte (split //, substr $hello, 0, 8) {
    for my $drip (@drips) { syswrite $drip, $byte }
}
my @silent = map { dial } 1 .. 50;
wait_until { return (metrics($node)->{'weir_tls_handshakes_total{result="timeout"}'} // 0) >= 100 } 20, 'slow handshakes to end';
pass('handshakes that drip, and those that never begin, end after header-timeout');
$node->wait_log(qr/msg="TLS handshake took too long" .*client=127\.0\.0\.1/);
ok(!(grep { !is_closed($_) } @drips, @silent), 'and their connections are closed');

# ---- a flood ----

for my $round (1 .. 10) {
    my @flood = map { dial } 1 .. 100;
    for my $socket (@flood) { syswrite $socket, $hello }
    for my $socket (@flood[ 0 .. 9 ]) { sysread $socket, my $answer, 1 }
}
pass('1000 handshakes are begun and left');
my @nonsense = map { dial } 1 .. 50;
for my $i (0 .. $#nonsense) { syswrite $nonsense[$i], "\x16\x03\x01\x00\x40" . join '', map { chr(($i * 7 + $_ * 13) % 256) } 1 .. 64 }
wait_until { return (metrics($node)->{'weir_tls_handshakes_total{result="failed"}'} // 0) >= 50 } 20, 'nonsense to be refused';
pass('nonsense is refused');
$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'all the while no packet at the plain port failed');
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'and none is lost');
wait_until { metrics($node)->{weir_connections} == 0 } 20, 'all connections to be gone';
cmp_ok(metrics($node)->{weir_held_bytes}, '==', 0, 'no memory is charged for them any more');
is($node->end, 0, 'the node ends well');
done_testing;
