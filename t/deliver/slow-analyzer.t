# One analyzer that takes for ever holds up only what it gets itself. How little it costs the others, bench/slow-analyzer measures.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1, a3 => 1 }, node => [ qw(--ack received --delivery-timeout 5m) ]);
my $node = $cluster->node(1);
my $stuck = Weir::FakeServer->start(sub ($n, $body, $path) { return $path eq '/ingest' ? { hang => 1 } : {} });
is(http(PUT => "$node->{admin}/v1/analyzers/stuck", { url => $stuck->url('/ingest'), weight => 1, ttl_ms => 600_000 })->{status}, 201,
    'there is one that answers nothing but health probes');
$cluster->wait_known('stuck');

sub of ($id, $name) { return metrics($node)->{"weir_${name}{analyzer=\"$id\"}"} // 0 }

my $load = $cluster->begin_load(rate => 400, messages => 1, duration => 0);
wait_until { of('stuck', 'lane_flying_batches') > 0 } 10, 'a delivery to it';
my %before = map { $_ => of($_, 'delivered_packets_total') } qw(a1 a2 a3);
my $longest = 0;
wait_until {
    my $now = metrics($node);
    my $queued = $now->{'weir_lane_queued_packets{analyzer="stuck"}'} // 0;
    $longest = $queued if $queued > $longest;
    !grep { ($now->{"weir_delivered_packets_total{analyzer=\"$_\"}"} // 0) < $before{$_} + 1000 } keys %before;
} 60, 'a thousand packets for each of the others';
pass('meanwhile each of the others gets a thousand packets');
is(of('stuck', 'delivered_packets_total'), 0, 'and it has answered none');
cmp_ok(of('stuck', 'lane_flying_batches'), '>', 0, 'what it has got is not cut off');
note("at most $longest packets waited for it");

# Once it is gone, what it had goes to the others.
$stuck->stop;
$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
wait_until { my $times = $cluster->recorded; !grep { !$times->{$_} } @{ $report->{acked} } } 30, 'all to be recorded';
pass('nothing is lost');
done_testing;
