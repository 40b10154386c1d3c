# Whatever clients do, a node does not grow far beyond memory-max; it refuses, and serves on.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;

use constant { MIB => 1 << 20, MAX => 64 };

alarm 600;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--workers', 2, '--memory-max', MAX . 'MiB',
    '--max-body', '2MiB', '--delivery-timeout', '60s', '--spill-after', '5s', '--spill-max-bytes', '8MiB' ]);
my $silent = Weir::FakeServer->start(sub ($n, $body, $path) { return $path eq '/ingest' ? { hang => 1 } : {} });
http(PUT => $cluster->node(1)->{admin} . '/v1/analyzers/silent', { url => $silent->url('/ingest'), weight => 1, ttl_ms => 60000 });

sub metric ($node, $name) { return metrics($node)->{$name} // 0 }
sub memory ($node, $what) { return (slurp('/proc/' . $node->pid . '/status') =~ /^$what:\s+(\d+) kB/m)[0] / 1024 }
sub packet ($bytes) { return '["' . 'x' x ($bytes - 4) . '"]' }

# What there was no room for.
sub refused ($node) {
    return metric($node, 'weir_refused_requests_total{reason="no_memory"}') + metric($node, 'weir_connections_closed_total{reason="no_memory"}');
}

# Many clients do something to a node of their own, and none of them reads; then they are gone.
sub crowd ($what, $n, $bytes, %options) {
    my $node = $cluster->start_node('n' . (1 + $cluster->nodes));
    $node->wait_log(qr/msg="analyzer known" .*analyzer=silent /);
    my $rest = memory($node, 'VmRSS');
    my @clients = map { Weir::Raw->connect($node->{ingest}, %options) // () } 1 .. $n;
    $_->send($bytes, 0.02) for @clients;
    my $is_full = eval { wait_until { refused($node) } 10, 'a refusal' };
    ok($is_full, "$what: what there is no room for is refused");
    my $peak = memory($node, 'VmHWM');
    note(sprintf '%s: %d clients, %d refused, %.1f -> %.1f MiB', $what, scalar @clients, refused($node), $rest, $peak);
    # What allocators and huge pages add differs from one machine to the next.
    cmp_ok($peak, '<=', 1.5 * MAX, "$what: memory is bounded");
    $_->reset for @clients;
    ok(eval { wait_until { metric($node, 'weir_connections') == 0 } 10, 'the end' }, "$what: they are gone");
}

my ($small, $large) = map { request(POST => '/ingest', packet($_)) } 1200, MIB;
crowd('small packets', 400, $small x 60);
crowd('large packets', 100, $large);
crowd('requests behind one that waits', 4000, $small . request(GET => '/livez') x 60);
crowd('half a body', 200, substr $large, 0, MIB / 2);
crowd('half a header section', 4000, "POST /ingest HTTP/1.1\r\nHost: weir\r\nX-Pad: " . 'x' x 16_000);
crowd('answers that nobody reads', 800, request(GET => '/livez') x 4000, rcvbuf => 4096);

# ---- and then ----

$silent->stop;
http(DELETE => $cluster->node(1)->{admin} . '/v1/analyzers/silent');
$cluster->start_analyzer(a1 => 1);
$cluster->wait_known('a1');
is($cluster->load(rate => 1000, duration => 1)->{status}, 0, 'then the nodes serve as ever');
my $sum = sub ($name) { sum0 map { metric($_, $name) } $cluster->nodes };
ok(eval { wait_until { $sum->('weir_held_bytes') == 0 } 20, 'all to be given back' }, 'and all is given back');
is($sum->('weir_unaccounted_packets'), 0, 'every node knows what became of every packet');
note(sprintf '%s: %.1f MiB in the end', $_->name, memory($_, 'VmRSS')) for $cluster->nodes;

done_testing;
