# Frames that are short and long as JSON: a tag stands in each of its messages. One that is longer than max-body becomes
# several packets, which are acknowledged together; a single event that is longer is refused. None becomes a dead letter.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(encode_json);
use List::Util qw(max);
use Test::More;
use Weir::Listen;
use Weir::Msgpack qw(array bin map_of pack_of);
use Weir::Test;

use constant MAX_BODY => 64 << 10;

alarm 120;
my $listen = Weir::Listen->start([qw(forward syslog)], '--max-body', MAX_BODY);

sub frame ($tag_bytes, $n, @option) {
    my $events = join '', map { pack_of(array($_, map_of(log => 'x'))) } 1 .. $n;
    return pack_of(array('t' x $tag_bytes, bin($events), map_of(@option)));
}

for ([ 'with a chunk', chunk => 'c' ], ['without one']) {
    my ($title, @option) = @$_;
    my $before = $listen->dropped('forward-tcp', 'too_long');
    my $client = $listen->client('forward');
    $client->send(pack_of(array('tag', array(array(1, map_of(log => "\1" x 20_000))), map_of(@option))));
    ok($client->ending(10), "a frame $title whose one event is too long as JSON ends its connection");
    is($listen->dropped('forward-tcp', 'too_long'), $before + 1, 'and is counted');
    is($listen->metric('weir_refused_requests_total{reason="body_too_large"}'), $before + 1, 'as refused, too');
}
my $agent = $listen->client('forward');
$agent->send(frame(2000, 20, chunk => 'good'));
is_deeply(Weir::Msgpack::read_from($agent), { ack => 'good' }, 'one that is not too long is acknowledged');
$listen->got('forward-tcp', 20, 'and counted');
$agent->send(pack_of(array('t' x 30_000, array(map { array($_, map_of(log => 'x')) } 1 .. 20), map_of(chunk => 'tag'))));
ok($agent->ending(10), 'a tag that would need too many packets is refused');
$agent = $listen->client('forward');
$agent->send(pack_of(array('t' x 300, bin(pack_of(array(1, map_of())) x 4_000), map_of(chunk => 'much'))));
ok($agent->ending(10), 'so are many small events that would be far more as JSON');
$agent = $listen->client('forward');
my $n_packets = $listen->metric('weir_listen_packets_total{listener="forward-tcp"}');
$agent->send(frame(2000, 200, chunk => 'long'));
is_deeply(Weir::Msgpack::read_from($agent), { ack => 'long' }, 'one that is too long for a packet is acknowledged, once');
$listen->got('forward-tcp', 200, 'with all of its events');
cmp_ok($listen->metric('weir_listen_packets_total{listener="forward-tcp"}'), '>', $n_packets + 1, 'in several packets');
$agent->send(frame(2000, 201, chunk => 'next'));
is_deeply(Weir::Msgpack::read_from($agent), { ack => 'next' }, 'so is the next');
$listen->got('forward-tcp', 201, 'with all of its events');
$agent->send(pack_of(array('t' x 2000, array(map { array($_, map_of(log => 'x')) } 1 .. 99))));
$listen->got('forward-tcp', 99, 'events in an array, which nobody acknowledges, are taken, too');
$agent->send(frame(500, 20) x 30);
$listen->got('forward-tcp', 600, 'frames that are too long together are taken');
$listen->tcp(syslog => "<13>\n" x 5000);
$listen->got('syslog-tcp', 5000, 'so are lines');
$listen->is_delivered('an analyzer has all of them');
is($listen->metric('weir_dead_packets_total'), 0, 'nothing becomes a dead letter');
cmp_ok(max(map { length encode_json({ messages => $_->{messages} }) } $listen->packets), '<=', MAX_BODY, 'no packet is longer than max-body');
is($listen->node->end, 0, 'the node ends well');

# ---- many at once, and memory for one or two of them ----

use constant AGENTS => 12;
my $small = Weir::Listen->start(['forward'], '--memory-max', '64MiB');
my $events = pack_of(array(1, map_of(log => 'x' x 1000))) x 3000;
my $chunk = pack_of(array('tag', bin($events), map_of(chunk => 'mine')));
my @agents = map { $small->client('forward') } 1 .. AGENTS;
$_->send($chunk, 0) for @agents;
my $all_sent = sub { $_->send($_->{unsent}, 0.02) for @agents; !grep { length $_->{unsent} } @agents };
ok(eval { wait_until { $all_sent->() } 60, 'all chunks to be read'; 1 }, 'many long chunks at once are read, in turns');
is_deeply([ map { Weir::Msgpack::read_from($_)->{ack} } @agents ], [ ('mine') x AGENTS ], 'and each is acknowledged');
$small->got('forward-tcp', 3000 * AGENTS, 'with all of its events');
is($small->node->end, 0, 'the node ends well');

my $tight = Weir::Listen->start(['forward'], '--memory-max', '64MiB', '--body-timeout', '1s');
my $greedy = $tight->client('forward');
$greedy->send(pack_of(array('tag', bin($events x 4), map_of(chunk => 'mine'))), 0.1);
ok($greedy->ending(20), 'a chunk for which there never is memory ends its connection');
is($tight->metric('weir_refused_requests_total{reason="no_memory"}'), 1, 'and is counted');
is($tight->node->end, 0, 'the node ends well');
done_testing;
