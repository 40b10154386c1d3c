# The forward protocol of Fluentd and Fluent Bit: all modes, acknowledgements, the shared key, heartbeats.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Compress::Zlib qw(memGzip);
use Digest::SHA qw(sha512_hex);
use List::Util qw(max);
use Test::More;
use Weir::Listen;
use Weir::Msgpack qw(array bin map_of pack_of);
use Weir::Test;

alarm 120;
my $key = 'a-key-that-is-long-enough';
my $listen = Weir::Listen->start(['forward']);

sub event ($n) { return array("\xd7\x00" . pack('NN', 1_700_000_000, $n), map_of(log => "message $n")) }
sub option (@pairs) { return map_of(@pairs) }

# The next thing that the node says, decoded.
sub heard ($client) { return Weir::Msgpack::read_from($client) }

my $client = $listen->client('forward');
$client->send(pack_of(array('app.log', 1_700_000_000, map_of(log => 'plain'))));
$listen->got('forward-tcp', 1, 'a message of its own');
$client->send(pack_of(array('app.log', array(map { event($_) } 1 .. 3))));
$listen->got('forward-tcp', 3, 'events in an array');
$client->send(pack_of(array('app.log', array(array(array(event(9)->[0], map_of(m => 1)), map_of(log => 'with metadata'))))));
$listen->got('forward-tcp', 1, 'an event with metadata');
my $packed = join '', map { pack_of(event($_)) } 1 .. 5;
$client->send(pack_of(array('app.log', bin($packed), option(size => 5, chunk => 'id-1'))));
$listen->got('forward-tcp', 5, 'events packed in bytes');
is_deeply(heard($client), { ack => 'id-1' }, 'which are acknowledged by their chunk');
$client->send(pack_of(array('app.log', bin(memGzip($packed) . memGzip($packed)), option(compressed => 'gzip', chunk => 'id-2'))));
$listen->got('forward-tcp', 10, 'compressed events, in two members of gzip');
is_deeply(heard($client), { ack => 'id-2' }, 'which are acknowledged, too');
$client->send(pack_of(array('app.log', array(), option(chunk => 'id-3'))));
is_deeply(heard($client), { ack => 'id-3' }, 'so are no events at all');
my $frame = pack_of(array('app.log', array(map { event($_) } 1 .. 2), option(chunk => 'cut')));
for my $at (1 .. length($frame) - 1) {
    $client->send($_) for substr($frame, 0, $at), substr($frame, $at);
}
is(scalar(grep { heard($client)->{ack} eq 'cut' } 1 .. length($frame) - 1), length($frame) - 1, 'each frame is acknowledged, wherever it is cut');
$listen->got('forward-tcp', 2 * (length($frame) - 1), 'and counted');
$client->send($frame x 20);
is(scalar(grep { heard($client)->{ack} eq 'cut' } 1 .. 20), 20, 'so are frames behind each other');
$listen->got('forward-tcp', 40, 'all of them');
my $bad = $listen->client('forward');
$bad->send("GET / HTTP/1.1\r\n\r\n");
ok($bad->ending(10), 'what speaks another protocol is sent away');
is($listen->dropped('forward-tcp', 'bad_format'), 1, 'and counted');
my $beat = $listen->udp(forward => "\0");
my $byte;
{ local $SIG{ALRM} = sub { die "no answer\n" }; alarm 20; $beat->recv($byte, 10); alarm 100; }
is($byte, "\0", 'a heartbeat is answered');
$listen->is_delivered('an analyzer has all events');
my ($plain) = grep { ($_->{log} // '') eq 'plain' } map { $_->{messages}->@* } $listen->packets;
is_deeply($plain, { tag => 'app.log', timestamp => 1_700_000_000, log => 'plain' }, 'as JSON with tag and time');
is($listen->node->end, 0, 'the node ends well');

# ---- with a shared key ----

my $closed = Weir::Listen->start([ 'forward' ], '--forward-key', $key);

sub hello ($with_key) {
    my $client = $closed->client('forward');
    my $hello = heard($client);
    my $nonce = $hello->[1]{nonce};
    $client->send(pack_of(array('PING', 'client', bin('salt'), sha512_hex("saltclient$nonce$with_key"), '', '')));
    return ($client, $hello, heard($client));
}
my ($trusted, $hello, $pong) = hello($key);
is($hello->[0], 'HELO', 'a node with a key says HELO');
is_deeply([ @$pong[ 0 .. 3 ] ], [ 'PONG', 1, '', 'n1' ], 'and PONG to who has the key');
is($pong->[4], sha512_hex("saltn1$hello->[1]{nonce}$key"), 'with a proof of its own');
$trusted->send($frame);
is_deeply(heard($trusted), { ack => 'cut' }, 'then it takes messages');
my ($wrong, undef, $no) = hello('another key');
ok(!$no->[1] && $no->[2] eq 'shared key mismatch', 'another key is refused') or diag explain $no;
ok($wrong->ending(10), 'and its connection is closed');
my $silent = $closed->client('forward');
heard($silent);
$silent->send($frame);
heard($silent);
ok($silent->ending(10), 'so is that of one that sends messages at once');
$closed->got('forward-tcp', 2, 'whose messages do not count');
is($closed->dropped('forward-tcp', 'unauthorized'), 2, 'but are counted as dropped');
is($closed->metric('weir_refused_requests_total{reason="unauthorized"}'), 2, 'and as refused');
my $events = sub { grep { $_->{kind} eq 'refusing' && $_->{now} eq '401 unauthorized' } http(GET => $closed->node->{admin} . '/v1/events')->{json}{events}->@* };
ok(eval { wait_until { $events->() } 30, 'the event'; 1 }, 'an event says that agents are refused');
like(run('weirctl', '--redis', $closed->cluster->redis->url, 'refusals')->{stdout}, qr/forward-tcp .*127\.0\.0\.1 .*unauthorized/, 'and weirctl names them');
is($closed->node->end, 0, 'the node ends well');
done_testing;
