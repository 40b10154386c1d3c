# A node is killed that holds packets in the spill while it delivers them: their agents have a 202, so others deliver them.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
sub n_spilled ($cluster) { return $cluster->redis->command(XLEN => 'weir:{default}:spill') }
sub sum ($cluster, $metric) { return sum0 map { metrics($_)->{$metric} // 0 } $cluster->nodes }

my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => [ '--delivery-timeout', '60s', '--ack-within', '300ms' ]);
$cluster->start_analyzer("slow$_" => 1, '--delay-ms', 20_000) for 1 .. 4;
$cluster->wait_known(map { "slow$_" } 1 .. 4);
my $doomed = $cluster->node(2);
my $report = $cluster->load(target => "http://$doomed->{ingest}/ingest", count => 600, rate => 3000, connections => 100);
is($report->{status}, 0, 'no agent waits for the slow analyzers');
my $held = metrics($doomed)->{weir_spill_held_packets};
cmp_ok($held, '>=', 500, 'a node holds 500 packets');
$doomed->kill_now;
pop @{ $cluster->{nodes} };
$cluster->analyzer($_)->kill_now for map { "slow$_" } 1 .. 4; # what they had is not recorded
$cluster->start_analyzer(a1 => 1);
wait_until { n_spilled($cluster) == 0 } 60, 'the spill to be empty';
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'others deliver all of them');
cmp_ok(sum($cluster, 'weir_spill_claimed_packets_total'), '>=', 500, 'after they claimed them');
note(scalar(grep { $_ > 1 } values %$times) . ' were recorded more than once');
wait_until { sum($cluster, 'weir_in_flight_packets') == 0 } 20, 'nothing to be under way';
is(sum($cluster, 'weir_unaccounted_packets'), 0, 'every packet is accounted for');
like(run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout}, qr/^accounts +ok /m, 'and weirctl verify agrees');

done_testing;
