# weirctl shows what is in the spill, and who has taken of it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 300;
my $redis = Weir::Redis->new;
my $BODY = '{"messages":[1,2,3]}';
my $COST = length($BODY) + length('p-1') + length('application/json') + 128;

sub ctl (@arguments) { return run('weirctl', '--redis', $redis->url, @arguments) }
sub take ($worker, $n) { return @{ $redis->script('spill_take', 'default', $worker, $n, 1e6, 'new') } }

is(ctl('spill')->{stdout}, "pool default: the spill is empty\n", 'at first nothing is in it');
is_deeply(ctl('spill', '--json')->{json}, { packets => 0, messages => 0, bytes => 0, oldest_ms => undef, consumers => [] },
    'for programs neither');
is(ctl('spill', 'list')->{stdout}, "the spill is empty\n", 'nor is there a list');

$redis->script('spill_push', 'default', 'n1', 1e9, map { ("p-$_", 'application/json', 3, 1767323045678, $BODY, 0, '') } 1 .. 5);
my $spill = ctl('spill');
my $bytes = 5 * $COST;
like($spill->{stdout}, qr/^pool default: 5 packets, 15 messages, $bytes bytes in the spill; the oldest has waited \ds$/m,
    'it says how much there is, and for how long');
is(ctl('spill', 'status')->{stdout} =~ s/\d+s$//mr, $spill->{stdout} =~ s/\d+s$//mr, 'status may be left out');

my $now = $redis->command('TIME')->[0] * 1000;
take('n1/0', 2);
my (undef, undef, $third) = take('n2/0', 1);
$redis->script('spill_done', 'default', $third->[0], 3, $COST);
take('n2/0', 1);
$redis->command('ZADD', 'weir:{default}:spill_workers', $now - 60000, 'n2/0');
$spill = ctl('spill');
like($spill->{stdout}, qr/^n1\/0 +2 +yes$/m, 'what a worker has taken is told');
like($spill->{stdout}, qr/^n2\/0 +1 +no$/m, 'and whether it lives');
my $json = ctl('spill', '--json')->{json};
is_deeply($json->{consumers}, [ { worker => 'n1/0', taken => 2, live => JSON::PP::true },
    { worker => 'n2/0', taken => 1, live => JSON::PP::false } ], 'for programs too');
is_deeply([ @$json{qw(packets messages bytes)} ], [ 4, 12, 4 * $COST ], 'what is done counts no more');
cmp_ok($json->{oldest_ms}, '<', 60000, 'the oldest is as old as it is');

my $list = ctl('spill', 'list');
like($list->{stdout}, qr/^ENTRY +AGE +NODE +MESSAGES +BYTES +FORMAT +PACKET$/m, 'a list has columns');
is(join(' ', $list->{stdout} =~ /^\d+-\d+ +\ds +n1 +3 +20 +json +(p-\d)$/mg), 'p-1 p-2 p-4 p-5', 'and the oldest first');
like(ctl('spill', 'list', '--limit', 1)->{stdout}, qr/^the oldest 1 of 4 /m, 'a limited one says what it leaves out');
$json = ctl('spill', 'list', '--limit', 3, '--json')->{json};
is(join(' ', $json->{total}, map { $_->{packet_id} } @{ $json->{entries} }), '4 p-1 p-2 p-4', 'for programs too');

my $entry = $json->{entries}[0]{entry};
my $show = ctl('spill', 'show', $entry);
is($show->{stdout}, $BODY, 'a packet is shown byte for byte');
like($show->{stderr}, qr/^received +2026-01-02T03:04:05\.678Z$/m, 'with its details on stderr');
is_deeply(ctl('spill', 'show', $entry, '--json')->{json}{body}, { messages => [ 1, 2, 3 ] }, 'for programs all is one object');
like(ctl('spill', 'show', '1-1')->{stderr}, qr/no entry 1-1 in pool "default"/, 'an entry that is not there is named');
is(ctl('spill', 'show', 'x')->{status}, 2, 'what is no entry is wrong usage');
is(ctl('spill', 'status', 'x')->{status}, 2, 'status takes no arguments');
like(ctl('spill', 'shwo')->{stderr}, qr/did you mean spill show\?/, 'a mistyped command is told from the right one');
like(ctl('spill', '--help')->{stdout}, qr/^  spill list /m, 'its help lists its commands');
like(ctl('spill', $_, '--help')->{stdout}, qr/^  weirctl spill $_/m, "$_ has help with an example") for qw(status list show);
is(ctl('spill', '--pool', 'other')->{stdout}, "pool other: the spill is empty\n", 'another pool has a spill of its own');
$redis->kill_now;
is(ctl('spill')->{status}, 1, 'without Redis there is no status');
done_testing();
