# Metrics: as Prometheus wants them, and every packet is in them once, whatever became of it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Build;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a2 => 0.3, a3 => 0.2 });
$cluster->start_analyzer(a1 => 0.5, '--error-rate', 0.05); # so that packets go another way
$cluster->wait_known('a1');

my $report = $cluster->load(rate => 2000, messages => '1-9', duration => 3);
is($report->{status}, 0, 'no agent sees an error');
is(http(POST => "http://" . $cluster->node(1)->{ingest} . '/ingest', '{"messages":')->{status}, 400, 'but one, with bad JSON');

# ---- the format ----

my $text = http(GET => $cluster->node(1)->{admin} . '/metrics');
is($text->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8', 'the content type is that of the format');
my (%type, %help, %series, @strange);
for (split /\n/, $text->{content}) {
    if (/^# TYPE (\w+) (counter|gauge|histogram)$/) { $type{$1}++ and push @strange, $_; $type{$1} = $2 }
    elsif (/^# HELP (\w+) \S.*$/) { $help{$1}++ and push @strange, $_ }
    elsif (/^((?:weir|process)_\w+?)((?:_bucket|_sum|_count)?)(\{\w+="[^"\\]*"(?:,\w+="[^"\\]*")*\})? (-?[\d.e+-]+|NaN)$/ && !$series{ $1 . $2 . ($3 // '') }++) {
        my $type = $type{$1} // $type{"$1$2"} // 'none, yet';
        push @strange, "$type: $_" if $type eq 'none, yet' || ($type eq 'counter') != ("$1$2" =~ /_total$/);
    } else { push @strange, $_ }
}
is_deeply(\@strange, [], 'every line is well-formed, typed, and there once');
is_deeply([ sort keys %help ], [ sort keys %type ], 'every metric has its help');
is_deeply([ grep { !/_(?:total|seconds|bytes|packets|batches|workers|connections|limit|failures|info|messages|ratio|letters|epoch|up|weight|state|health)$/ } keys %type ], [], 'names tell the unit');
cmp_ok(scalar keys %type, '>=', 30, 'there are many');
my $docs = slurp(checkout . '/docs/metrics.md');
is_deeply([ grep { $docs !~ /^\| `$_` \| \w+ \|/m } keys %type ], [], 'docs/metrics.md has each');
ok(runs(checkout . '/scripts/metrics-docs.pl', '--check'), 'and is what the tables say');

# ---- the numbers ----

sub total ($name) { return sum0 map { metrics($_)->{$name} // 0 } $cluster->nodes }

for my $what (qw(packets messages)) {
    my $n = $report->{sent}{$what};
    is(total("weir_received_${what}_total"), $n, "received $what are those sent");
    is(total("weir_accepted_${what}_total"), $n, "accepted $what are those acknowledged");
    is(total("weir_delivered_${what}_total"), $n, "delivered $what are those, too");
}
wait_until { $cluster->cluster->{totals}{messages} == $report->{sent}{messages} } 20, 'all to be settled';
is_deeply([ map { total("weir_delivered_messages_total{analyzer=\"$_\"}") } qw(a1 a2 a3) ],
    [ @{ $cluster->counts('delivered') }{qw(a1 a2 a3)} ], 'for each analyzer as many as the registry says');
cmp_ok(total('weir_rerouted_packets_total'), '>', 0, 'some packets went another way');
is(total('weir_routed_packets_total'), total('weir_delivered_packets_total') + total('weir_rerouted_packets_total'),
    'routed packets are those delivered, and once more for each other way');
is(total('weir_batches_failed_total'), total('weir_batches_failed_total{analyzer="a1",reason="status"}'), 'deliveries failed at one analyzer, for one reason');
cmp_ok(total('weir_batches_failed_total'), '>', 0, 'they did');
is(total('weir_refused_requests_total'), 1, 'one request was refused');
is(total('weir_refused_requests_total{reason="bad_json"}'), 1, 'and the reason is known');
is(total('weir_ingest_ack_seconds_count'), $report->{sent}{packets}, 'the time of every packet was taken');
is(total("weir_delivery_seconds_count{analyzer=\"$_\"}"), total("weir_batches_total{analyzer=\"$_\"}"), "and of every delivery to $_") for qw(a1 a2 a3);
is(total("weir_breaker_workers{analyzer=\"a2\",state=\"$_->[0]\"}"), $_->[1], "workers whose breaker to a2 is $_->[0]: $_->[1]") for [ closed => 2 ], [ open => 0 ], [ half_open => 0 ];
is(total('weir_redis_up_workers'), 2, 'all links to Redis are up');

wait_until { !total('weir_connections') } 20, 'connections to be closed';
is(total($_), 0, "$_ is back at 0") for qw(weir_held_bytes weir_lane_queued_packets weir_lane_flying_batches weir_parked_packets);
is(total('weir_connections_accepted_total'), total('weir_connections_closed_total'), 'connections accepted are those closed');

done_testing;
