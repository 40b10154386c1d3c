# The largest packet over a connection to Redis of 100 Mbit/s, with default options: it is stored once, in the spill or as
# a dead letter, and answered 202. What a frozen Redis reads too late is not there beside the agent's next try.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Redis;
use Weir::Relay;
use Weir::Test;

alarm 300;
my $redis = Weir::Redis->new;
my $relay = Weir::Relay->new(bytes_per_s => 12_500_000);
$relay->run('127.0.0.1:' . $redis->port);

package Slow {
    our @ISA = 'Weir::Redis';
    sub url ($self) { return 'redis://' . $relay->addr . '/0' }
}
bless $redis, 'Slow';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, redis => $redis, node => [ '--redis-timeout', '100ms', '--ack-within', '300ms' ]);
my $node = $cluster->node(1);
wait_until { http(GET => "$node->{admin}/readyz")->{status} == 200 } 10, 'the node to be ready';
my $count = sub ($stream) { $redis->command(XLEN => "weir:{default}:$stream") };
my $post = sub ($n_bytes) { http(POST => "http://$node->{ingest}/ingest", '["' . 'x' x ($n_bytes - 4) . '"]') };

is($post->(15_900_000)->{status}, 202, 'a packet of 15.9 MB that nobody takes is answered 202');
is($count->('spill'), 1, 'and is in the spill once');
$redis->freeze;
my $refusal = $post->(100);
like("$refusal->{status} $refusal->{content}", qr/^503 .*"spill_(?:slow|away)"/s, 'a small one is refused while Redis is frozen');
$redis->thaw;
wait_until { $post->(100)->{status} == 202 } 20, 'the next try to be taken';
is($count->('spill'), 2, 'and only that one is stored');

$redis->command(DEL => 'weir:{default}:spill');
my $fake = Weir::FakeServer->start(sub (@) { return { status => 422 } });
http(PUT => "$node->{admin}/v1/analyzers/a1", { url => $fake->url('/ingest'), weight => 1, ttl_ms => 600_000 });
$cluster->wait_known('a1');
is($post->(15_900_000)->{status}, 202, 'one of 15.9 MB that an analyzer calls bad is answered 202');
wait_until { $count->('dead') > 0 && $count->('spill') == 0 } 20, 'the dead letter'; # its agent was answered from the spill
is($count->('dead'), 1, 'and is a dead letter once');
$redis->command(qw(CONFIG SET maxmemory 1));
$refusal = $post->(100);
like("$refusal->{status} $refusal->{content}", qr/^503 .*"dead_refused"/s, 'where Redis refuses a dead letter the code says so');
done_testing;
