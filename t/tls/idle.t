# 2000 idle connections with TLS fit in 64 MiB.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $n = $ENV{WEIR_IDLE} // 2000;
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
# A slow machine takes its time for 2000 handshakes at once.
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--header-timeout', '2m', '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key ]);
my $node = $cluster->node(1);
my $tls = $node->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
sub resident () { return metrics($node)->{process_resident_memory_bytes} }

$cluster->load(count => 200, rate => 0, connections => 8);
$cluster->load(target => "https://$tls/ingest", ca => $ca->file, count => 200, rate => 0, connections => 8);
my $before = resident;
# They come one by one: what the allocator keeps of many handshakes at once is no memory of idle connections.
my $load = $cluster->begin_load(target => "https://$tls/ingest", ca => $ca->file, rate => 200, connections => $n, duration => 0, timeout => "2m");
wait_until { metrics($node)->{weir_connections} >= $n } 60, "$n connections";
my $bytes = (resident() - $before) / $n;
diag(sprintf "%d connections take %.0f bytes each", $n, $bytes);
cmp_ok($bytes * 2000, '<', 64 << 20, '2000 connections with TLS fit in 64 MiB');
wait_until { metrics($node)->{weir_held_bytes} >= $n * (24 << 10) } 20, 'the charge for each';
pass('and each is charged 24 KiB of memory-max');
$load->signal('INT');
is($cluster->finish_load($load)->{status}, 0, 'no request failed');
is($node->end, 0, 'the node ends well');
done_testing;
