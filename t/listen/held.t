# While nobody takes packets and none can be stored, a sender over TCP is held and loses nothing; what comes over UDP is
# bounded, and counted where it is dropped. An agent of the forward protocol has no acknowledgement, and sends again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Listen;
use Weir::Msgpack qw(array map_of pack_of);
use Weir::Test;

alarm 200;
my $listen = Weir::Listen->start([qw(syslog forward)], qw(--spill-max-bytes 0 --spill-after 100ms --memory-max 64MiB --max-body 1MiB));
my $redis = $listen->cluster->redis->url;

sub fault (@options) { is(run('weirctl', '--redis', $redis, 'fault', 'a1', @options)->{status}, 0, "weirctl fault a1 @options") }

sub until_metric ($name, $check, $what) {
    return ok(eval { wait_until { $check->($listen->metric($name)) } 20, $what }, $what) || diag(tails($name));
}
sub tails ($name) { return join "\n", grep { /listen|refused/ } map { "$_ " . metrics($listen->node)->{$_} } sort keys metrics($listen->node)->%* }

fault('--off');
my $sender = $listen->client('syslog');
my ($n, $line) = (0, 'x' x 1000);
until_metric('weir_listen_retried_packets_total', sub ($value) { $sender->send("<13>$n $line\n") and $n++; $value > 0 }, 'a packet that is refused is tried again');
until_metric('weir_listen_held_connections', sub ($value) { $value == 1 || ($sender->send("<13>$n $line\n") and $n++, 0) }, 'meanwhile its sender is not read');
my $is_held = 0;
for (1 .. 100_000) {
    if (!$sender->send("<13>$n $line\n", 0.2)) { $is_held = 1; last }
    $n++;
}
ok($is_held, 'so that the sender cannot write any more');
my $rest = $sender->{unsent};
cmp_ok($listen->metric('weir_held_bytes'), '<', 64 << 20, 'the memory of the node is bounded');

my $n_datagrams = 20_000;
my $socket = $listen->udp('syslog');
$socket->send("<13>datagram $_ $line") for 1 .. $n_datagrams;
until_metric('weir_listen_dropped_messages_total', sub ($value) { $value > 0 }, 'a flood of UDP is dropped in the kernel');
is($listen->metric('weir_lost_packets_total'), 0, 'and nothing of what was read is lost');

my $agent = $listen->client('forward');
$agent->send(pack_of(array('t', 5, map_of(log => 'acknowledged'), map_of(chunk => 'c'))));
ok(!$agent->read_more(1), 'nothing is acknowledged that has no place');

fault('--clear');
is(Weir::Msgpack::read_from($agent)->{ack}, 'c', 'it is when an analyzer takes it');
ok($sender->send($rest, 20), 'the sender goes on');
$sender->close;
ok(eval { wait_until { $listen->messages('syslog-tcp') == $n + 1 } 30, 'all lines' }, 'each of its lines is read') or diag($listen->messages('syslog-tcp') . " of $n + 1");
my $n_udp = sub { $listen->messages('syslog-udp') + $listen->dropped('syslog-udp', 'kernel') + $listen->dropped('syslog-udp', 'queue_full') };
ok(eval { wait_until { $n_udp->() == $n_datagrams } 30, 'all datagrams' }, 'each datagram came, or is counted as dropped') or diag($n_udp->());
my $all = sub { $listen->messages('syslog-tcp') + $listen->messages('syslog-udp') + $listen->messages('forward-tcp') };
ok(eval { wait_until { $listen->metric('weir_delivered_messages_total') == $all->() } 30, 'all of them' }, 'and all that came is delivered, once');
is($listen->metric('weir_unaccounted_packets'), 0, 'the accounts add up');

# ---- a node that is killed ----

$listen->cluster->analyzer('a1')->kill_now;
$agent->send(pack_of(array('t', 6, map_of(log => 'killed'), map_of(chunk => 'd'))));
ok(!$agent->read_more(1), 'no analyzer is there, and no acknowledgement comes');
$listen->node->kill_now;
ok(!Weir::Msgpack::read_from($agent), 'nor when the node is killed');
my $cluster = $listen->cluster;
$listen->{node} = $cluster->start_node('n2');
$cluster->start_analyzer('a2', 1);
$listen->find_addresses(['forward']);
my $again = $listen->client('forward');
$again->send(pack_of(array('t', 6, map_of(log => 'killed'), map_of(chunk => 'd'))));
is(Weir::Msgpack::read_from($again)->{ack}, 'd', 'so its agent sends again, and is heard');
is(scalar(grep { ($_->{log} // '') eq 'killed' } map { $_->{messages}->@* } $listen->packets), 1, 'and an analyzer has the message');
done_testing;
