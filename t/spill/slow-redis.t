# A slow connection to Redis: large packets come out of the spill all the same, only slowly.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Redis;
use Weir::Relay;
use Weir::Test;

alarm 450;
my $redis = Weir::Redis->new;
my $relay = Weir::Relay->new(bytes_per_s => 1_000_000);
$relay->run('127.0.0.1:' . $redis->port);

package Slow {
    our @ISA = 'Weir::Redis';
    sub url ($self) { return 'redis://' . $relay->addr . '/0' }
}
bless $redis, 'Slow';

sub spill (@bodies) {
    my $now_ms = int(1000 * time);
    $redis->script('spill_push', 'default', 'n9', 1 << 30, map { ('', 'application/json', 1, $now_ms, $_, 0, '') } @bodies);
}
spill('["' . 'x' x 4_000_000 . '"]', map { "[$_]" } 1 .. 20);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, redis => $redis);
my $node = ($cluster->nodes)[0];
my $delivered = sub { metrics($node)->{weir_delivered_packets_total} // 0 };
wait_until { $delivered->() >= 21 } 60, 'all to be delivered';
pass('a packet of 4 MB and 20 small ones leave the spill at 1 MB/s');
wait_until { $redis->command(XLEN => 'weir:{default}:spill') == 0 } 10, 'the spill to be empty';
unlike($node->log, qr/component=redis .*no answer in time/, 'and no connection was given up on the way');
done_testing;
