# A packet that makes every analyzer fail (500, not 400) is not tried for ever: it is in the spill before long, and its
# neighbours are delivered.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my ($node) = $cluster->nodes;
my $analyzer = Weir::FakeServer->start(sub ($n, $body, $path) { return { status => ($body // '') =~ /poison/ ? 500 : 200 } });
http(PUT => "$node->{admin}/v1/analyzers/a1", { url => $analyzer->url('/ingest'), weight => 1, ttl_ms => 60000 });
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1 /);
my $metric = sub ($name) { metrics($node)->{$name} // 0 };

my $start = time;
my @clients = map { Weir::Raw->connect($node->{ingest}) } 1 .. 20;
my @bodies = ('{"id":"poison"}', map { qq({"id":"n$_"}) } 2 .. @clients);
$clients[$_]->send(request(POST => '/ingest', $bodies[$_])) for 0 .. $#clients;
my $load = $cluster->begin_load(rate => 300, duration => 4, messages => '1', connections => 16);
my @answers = map { $_->answer } @clients;
my $seconds = time - $start;
note(sprintf 'answered after %.1f s, after %d deliveries', $seconds, $metric->('weir_batches_total{analyzer="a1"}'));
is_deeply([ map { $_ ? $_->{status} : 'nothing' } @answers ], [ (202) x @answers ], 'all of them are answered 202');
is($cluster->finish_load($load)->{status}, 0, 'others have seen no error');
wait_until { $metric->('weir_delivered_packets_total{analyzer="a1"}') == 19 + 1200 } 10, 'all others to be delivered';
pass('and all but the one are delivered');
cmp_ok($cluster->cluster->{spill}{packets}, '==', 1, 'which is in the spill');
my ($before, $at) = ($metric->('weir_batches_failed_total{reason="status"}'), time);
wait_until { time >= $at + 2 } 3, '2 s';
cmp_ok($metric->('weir_batches_failed_total{reason="status"}') - $before, '<=', 5 * (time - $at), 'and tried now and then, not all the time');
done_testing;
