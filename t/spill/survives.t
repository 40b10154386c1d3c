# What is in the spill outlives the node that has taken it, and what was acknowledged as received outlives the node too.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

alarm 450;
my @patient = ('--redis-timeout', '1s'); # a busy machine is not what this is about
sub n_spilled ($cluster) { return $cluster->redis->command(XLEN => 'weir:{default}:spill') }
sub sum ($cluster, $metric) { return sum0 map { metrics($_)->{$metric} // 0 } $cluster->nodes }

# An analyzer that never answers.
sub silent ($cluster) {
    my $server = Weir::FakeServer->start(sub ($n, $body, $path) { return $path eq '/ingest' ? { hang => 1 } : {} });
    http(PUT => $cluster->node(1)->{admin} . '/v1/analyzers/silent', { url => $server->url('/ingest'), weight => 1, ttl_ms => 60000 });
    return $server;
}

subtest 'a node is killed that has taken packets' => sub {
    my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => \@patient);
    my $report = $cluster->load(count => 400, rate => 1000, connections => 100);
    is($report->{status}, 0, 'without an analyzer all is accepted');
    is(n_spilled($cluster), 400, 'and is in the spill');

    my $silent = silent($cluster);
    my $doomed = $cluster->node(2);
    my $held = wait_until { metrics($doomed)->{weir_spill_held_packets} } 10, 'a node to have taken some';
    is(n_spilled($cluster), 400, 'what it has taken is still there');
    $doomed->kill_now;
    pop @{ $cluster->{nodes} };
    $silent->stop;
    $cluster->start_analyzer(a1 => 1);
    wait_until { n_spilled($cluster) == 0 } 30, 'the spill to be empty';
    note("$held packets were held by the dead one, " . sum($cluster, 'weir_spill_claimed_packets_total') . ' claimed by the other');
    cmp_ok(sum($cluster, 'weir_spill_claimed_packets_total'), '>=', $held, 'the other one claims them');
    my $times = $cluster->recorded;
    is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'and delivers each once');
    is(sum($cluster, 'weir_unaccounted_packets'), 0, 'and knows what became of every packet');
};

subtest 'a node ends that has taken packets which nobody takes' => sub {
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ @patient, '--drain-timeout', '60s' ]);
    my $report = $cluster->load(count => 50, rate => 1000, connections => 50);
    my $silent = silent($cluster);
    wait_until { sum($cluster, 'weir_spill_held_packets') } 10, 'the node to have taken some';
    $silent->stop;
    wait_until { sum($cluster, 'weir_parked_packets') } 10, 'nobody to take them';
    my $start = time;
    is($cluster->node(1)->end, 0, 'it ends well');
    cmp_ok(time - $start, '<', 60, 'without waiting for an analyzer, as long as it might');
    is(n_spilled($cluster), 50, 'and leaves them where they were');
};

subtest 'a node ends that has acknowledged packets as received' => sub {
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--ack', 'received', @patient ]);
    $cluster->start_analyzer(a1 => 1, '--delay-ms', 10_000);
    $cluster->wait_known('a1');
    my $report = $cluster->load(rate => 2000, duration => 0.5, connections => 10);
    is($report->{status}, 0, 'packets are accepted at once');
    my $node = $cluster->node(1);
    cmp_ok(metrics($node)->{weir_in_flight_packets}, '>', 0, 'and on their way');
    $cluster->analyzer('a1')->kill_now;
    is($node->end, 0, 'without an analyzer the node ends well');
    unlike($node->log, qr/is lost/, 'and loses nothing');
    pop @{ $cluster->{nodes} };
    my $verify = run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout};
    like($verify, qr/^accounts +ok .* lost 0 of 0 \+ in flight 0 of 0 \+ in flight in ended runs 0 of 0;/m, 'as its accounts say');
    note(n_spilled($cluster) . ' of ' . @{ $report->{acked} } . ' packets are in the spill');
    cmp_ok(n_spilled($cluster), '>', 0, 'what was in its memory is in the spill');

    $cluster->start_node('n2');
    $cluster->start_analyzer(a1 => 1);
    wait_until { n_spilled($cluster) == 0 } 30, 'the spill to be empty';
    my $times = $cluster->recorded;
    is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'and reaches an analyzer later on');
};

done_testing;
