# Connections to Redis that carry 1 MB/s: packets of 16 MiB go into the spill and out of it, slowly, and small ones beside
# them do not wait for their bytes. A call that takes many times redis-timeout goes on while its bytes move.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use POSIX ();
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Redis;
use Weir::Relay;
use Weir::Test;

alarm 300;
my $redis = Weir::Redis->new;
my $relay = Weir::Relay->new(bytes_per_s => 1_000_000);
$relay->run('127.0.0.1:' . $redis->port);

package Slow {
    our @ISA = 'Weir::Redis';
    sub url ($self) { return 'redis://' . $relay->addr . '/0' }
}
bless $redis, 'Slow';
my $MIB = 1 << 20;
my $LARGEST = 16 * $MIB;
my $large = '["' . 'x' x ($LARGEST - 4) . '"]';
my $n_stored = sub { $redis->command(XLEN => 'weir:{default}:spill') };
my $now_ms = int(1000 * time);
$redis->script('spill_push', 'default', 'n9', 1 << 30, map { ('', 'application/json', 1, $now_ms, $_, 0, '') } $large, '["' . 'x' x 4_000_000 . '"]', map { "[$_]" } 1 .. 20);

# Out of the spill.
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, redis => $redis, node => [ '--redis-timeout', '500ms', '--ack-within', '300ms' ]);
my $node = $cluster->node(1);
my $n_logged = length $node->log; # a busy machine may keep Redis from answering before that
my $delivered = sub { metrics($node)->{weir_delivered_packets_total} // 0 };
wait_until { $delivered->() >= 20 } 30, 'small packets to be delivered';
wait_until { $n_stored->() <= 2 } 30, 'small packets to leave the spill';
is($n_stored->(), 2, 'small packets leave the spill before the large ones whose turn it was');
wait_until { $n_stored->() == 0 } 60, 'the spill to be empty';
is($delivered->(), 22, 'and large ones leave it too');

# Into the spill.
$cluster->analyzer('a1')->end;
wait_until { !@{ $cluster->cluster->{analyzers} } } 10, 'the analyzer to be gone';
my $post = sub ($body) { http(POST => "http://$node->{ingest}/ingest", $body)->{status} };
my @children = map {
    my $pid = fork // die "fork: $!";
    if (!$pid) { POSIX::_exit($post->($large) == 202 ? 0 : 1) }
    $pid;
} 1 .. 2;
wait_until { metrics($node)->{weir_received_packets_total} >= 2 } 20, 'large packets to have come';
is(join(' ', map { $post->("[$_]") } 1 .. 5), '202 202 202 202 202', 'small packets are stored');
is($n_stored->(), 5, 'before the large ones that came first');
for (@children) {
    waitpid $_, 0;
    is($?, 0, 'a packet of 16 MiB is answered 202');
}
is($n_stored->(), 7, 'and stored once');
unlike(substr($node->log, $n_logged), qr/no answer in time|timed out|Redis does not answer in time/, 'no connection was given up on the way');
done_testing;
