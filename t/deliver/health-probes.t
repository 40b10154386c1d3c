# An analyzer that hangs: health probes find it, and nothing waits for it but what was on its way.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 0.5, a2 => 0.5 },
    node => [ qw(--probe-interval 100ms --probe-timeout 1s --probe-fall 3 --probe-rise 4 --delivery-timeout 5m) ]);
my $node = $cluster->node(1);
sub of_a1 ($name) { return metrics($node)->{"weir_${name}{analyzer=\"a1\"}"} // 0 }

my $load = $cluster->begin_load(rate => 1000, messages => 1, connections => 400, duration => 0);
wait_until { of_a1('delivered_packets_total') > 200 } 10, 'load to begin';
my $stopped = time;
$cluster->analyzer('a1')->signal('STOP');
$node->wait_log(qr/msg="analyzer does not answer its health probe" .*analyzer=a1 /);
cmp_ok(time - $stopped, '>', 1, 'it takes more than one probe that times out to find that it hangs');
wait_until { of_a1('lane_queued_packets') == 0 } 20, 'its queue to be emptied';

my $seen = metrics($node);
cmp_ok(sum0(map { $seen->{qq(weir_rerouted_packets_total{reason="$_"})} // 0 } qw(unreachable hanging slow)), '>', 0, 'what was queued goes to the other');
my ($n_batches, $n_other) = (of_a1('batches_total'), metrics($node)->{'weir_delivered_packets_total{analyzer="a2"}'});
wait_until { metrics($node)->{'weir_delivered_packets_total{analyzer="a2"}'} > $n_other + 300 } 10, 'the other to get packets';
is(of_a1('batches_total'), $n_batches, 'nothing new is sent to it');
is(of_a1('lane_queued_packets'), 0, 'and nothing waits for it');
cmp_ok(of_a1('lane_flying_batches'), '>', 0, 'what was on its way is not cut off');

$cluster->analyzer('a1')->signal('CONT');
$node->wait_log(qr/msg="analyzer answers again" .*analyzer=a1 /);
wait_until { of_a1('batches_total') > $n_batches } 20, 'it to get packets again';
$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'every packet was delivered once');
is(metrics($node)->{'weir_batches_failed_total'}, 0, 'no delivery failed');

for my $bad (qw(0 x 101)) {
    my $run = run('weir-node', '--probe-fall', $bad);
    is($run->{status}, 2, "--probe-fall $bad is refused");
}

done_testing;
