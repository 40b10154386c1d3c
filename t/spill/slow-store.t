# A large packet on its way into the spill over a slow connection: it is stored once and answered 202, however long that
# takes, as long as its bytes move.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Redis;
use Weir::Relay;
use Weir::Test;

alarm 450;
my $redis = Weir::Redis->new;
my $relay = Weir::Relay->new(bytes_per_s => 2_000_000);
$relay->run('127.0.0.1:' . $redis->port);

package Slow {
    our @ISA = 'Weir::Redis';
    sub url ($self) { return 'redis://' . $relay->addr . '/0' }
}
bless $redis, 'Slow';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, redis => $redis, node => [ '--redis-timeout', '100ms', '--max-body', '16MiB' ]);
my $node = $cluster->node(1);
wait_until { http(GET => "$node->{admin}/readyz")->{status} == 200 } 10, 'the node to be ready';
my $response = http(POST => "http://$node->{ingest}/ingest", '["' . 'x' x 8_000_000 . '"]');
is($response->{status}, 202, 'a packet that takes 4 s to store is answered 202') or diag($response->{content});
is($redis->command(XLEN => 'weir:{default}:spill'), 1, 'and is in the spill once');
done_testing;
