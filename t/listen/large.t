# Frames that are short and long as JSON: a tag stands in each of its messages. One that is longer than max-body is
# refused when it comes; several that are longer together become several packets. None becomes a dead letter.
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
    $client->send(frame(2000, 200, @option));
    ok($client->ending(10), "a frame $title that is too long as JSON ends its connection");
    is($listen->dropped('forward-tcp', 'too_long'), $before + 1, 'and is counted');
}
my $agent = $listen->client('forward');
$agent->send(frame(2000, 20, chunk => 'good'));
is_deeply(Weir::Msgpack::read_from($agent), { ack => 'good' }, 'one that is not too long is acknowledged');
$listen->got('forward-tcp', 20, 'and counted');
$agent->send(frame(500, 20) x 30);
$listen->got('forward-tcp', 600, 'frames that are too long together are taken');
$listen->tcp(syslog => "<13>\n" x 5000);
$listen->got('syslog-tcp', 5000, 'so are lines');
$listen->is_delivered('an analyzer has all of them');
is($listen->metric('weir_dead_packets_total'), 0, 'nothing becomes a dead letter');
cmp_ok(max(map { length encode_json({ messages => $_->{messages} }) } $listen->packets), '<=', MAX_BODY, 'no packet is longer than max-body');
is($listen->node->end, 0, 'the node ends well');
done_testing;
