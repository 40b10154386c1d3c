# An analyzer by HTTP/2 that is gone without a word, as without power, and is back at the same address: it gets packets again, and none is lost.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Relay;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [qw(--probe-interval 100ms --probe-fall 1 --probe-rise 1 --delivery-timeout 2s)]);
my $node = $cluster->node(1);
my $record = folder . '/a1.record';
push @{ $cluster->{records} }, [ 'a1', $record ];
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0', '--record', $record ], name => 'a1');
my $relay = Weir::Relay->new;
$relay->run($analyzer->wait_log(qr/msg=listening.* addr=(\S+)/));
is(http(PUT => "$node->{admin}/v1/analyzers/a1", { url => 'h2c://' . $relay->addr . '/ingest', weight => 1, ttl_ms => 600_000 })->{status}, 201, 'an analyzer is registered by HTTP/2');
sub delivered () { return metrics($node)->{'weir_delivered_packets_total{analyzer="a1"}'} // 0 }

my $load = $cluster->begin_load(rate => 200, messages => 1, connections => 50, duration => 0, retries => 50);
wait_until { delivered > 200 } 20, 'load to begin';
$relay->silence;
$node->wait_log(qr/msg="analyzer does not answer its health probe" .*analyzer=a1 /);
pass('its probes find that it is gone');
$node->wait_log(qr/msg="analyzer answers again" .*analyzer=a1 /);
pass('and that it is back');
my $n_before = delivered;
wait_until { delivered > $n_before + 200 } 20, 'packets to be delivered again';
pass('it gets packets again');
$load->signal('INT');
my $report = $cluster->finish_load($load);
sub lost () { my $times = $cluster->recorded; return grep { !$times->{$_} } @{ $report->{acked} } }
wait_until { !lost } 30, 'what was acknowledged to be recorded';
pass('and nothing is lost');
done_testing;
