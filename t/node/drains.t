# SIGTERM drains a node: it says so, finishes what it has, and no packet is lost.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 3, shared => 1, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 },
    node => [ '--drain-delay', '6s' ]);
my $total = sub { sum0 values %{ $cluster->counts } };
my $readyz = sub ($node) { http(GET => "$node->{admin}/readyz")->{status} };

# ---- one of three, under load ----

my $load = $cluster->begin_load(rate => 3000, messages => '1-9', duration => 0, connections => 48);
wait_until { $total->() >= 20_000 } 20, 'the load is on';
my $node = $cluster->node(3);
cmp_ok(metrics($node)->{weir_received_packets_total}, '>', 0, 'a node has its part of the load');
is($readyz->($node), 200, 'and is ready');
my $start = time;
$node->signal('TERM');
wait_until { $readyz->($node) == 503 } 20, 'readyz to turn';
pass('draining, it is not');
is(http(GET => "$node->{admin}/livez")->{status}, 200, 'though it is alive');
ok(!$node->has_ended, 'it serves on while balancers notice');
is($node->wait_end, 0, 'then it ends well');
cmp_ok(time - $start, '>=', 6, 'after its drain delay');
wait_until { @{ $cluster->cluster->{nodes} } == 2 } 20, 'the registry to know';
pass('the registry knows that it left');
my $before = $total->();
wait_until { $total->() > $before + 10_000 } 20, 'the others take its load';
$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'every packet was delivered once');
wait_until { $total->() == $report->{accepted}{messages} } 20, 'all to be settled';
pass('and is counted: what the node had counted, it has told');

# ---- a packet under way ----

my $slow = Weir::Cluster->start(nodes => 1, analyzers => {});
$slow->start_analyzer(a1 => 1, '--delay-ms', 500);
$slow->wait_known('a1');
my $one = $slow->begin_load(count => 1, messages => 3, connections => 1);
$node = $slow->node(1);
wait_until { metrics($node)->{weir_routed_packets_total} } 20, 'the packet to be on its way';
$node->signal('TERM');
is($slow->finish_load($one)->{status}, 0, 'a packet under way gets its answer');
is($node->wait_end, 0, 'and the node ends well');
is_deeply($slow->redis->hash('weir:{default}:delivered'), { a1 => 3 }, 'its last word is in Redis');

# ---- twice ----

$node = $cluster->start_node('n4', '--drain-delay', '60s');
$node->signal('TERM');
wait_until { $readyz->($node) == 503 } 20, 'readyz to turn';
$node->signal('TERM');
is($node->wait_end(2), 1, 'a second SIGTERM ends a node at once');

done_testing;
