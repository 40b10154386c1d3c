# Dead letters and the spill at the admin port: lists without bodies, one entry with its, replay and purge in bounded steps.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 300;
my $redis = Weir::Redis->new;
my $node = node($redis, '--spill-max-bytes', '64KiB');
my $BODY = '{"messages":[1,2]}';

sub get ($path) { return ask(GET => "$node->{admin}/v1/$path") }
sub act ($deed, $body) { return ask(POST => "$node->{admin}/v1/dead/$deed", $body) }
sub dead () { return map { $_->[0] } @{ $redis->command('XRANGE', 'weir:{default}:dead', '-', '+') } }
sub spilled () { return $redis->command('XLEN', 'weir:{default}:spill') }
sub bury ($body = $BODY, $id = 'p') {
    $redis->script('bury', 'default', $body, 2, 'a1', 422, 'n1', 1e6, $id, 'application/json', 1767323045678);
    return (dead())[-1];
}
sub is_refused ($answer, $status, $code, $title) {
    is("$answer->{status} $answer->{json}{code}", "$status $code", $title);
}

is_deeply(get('dead')->{json}, { packets => 0, entries => [] }, 'at first there are no dead letters');
is_deeply(get('spill')->{json}, { packets => 0, messages => 0, bytes => 0, oldest_ms => undef, taken => [], entries => [] },
    'nor is anything in the spill');
is_deeply(act(replay => { all => \1 })->{json}, { replayed => 0, missing => 0, left => 0, full => JSON::PP::false }, 'to replay');

my @letter = (bury($BODY, 'p-1'), bury("\xff\0x", "x\e["), bury('1' x (2 << 20), 'p-3'));
my $list = get('dead')->{json};
is(join(' ', map { $_->{entry} } @{ $list->{entries} }), join(' ', reverse @letter), 'a list has the latest first');
my $first = $list->{entries}[-1];
cmp_ok($first->{age_ms}, '<', 60000, 'with the age of each');
is_deeply([ @$first{qw(id messages bytes analyzer reason node type received)} ],
    [ 'p-1', 2, length $BODY, 'a1', 'status 422', 'n1', 'application/json', '2026-01-02T03:04:05.678Z' ], 'and what there is to know');
is_deeply([ grep { exists $_->{body} || exists $_->{body_text} } @{ $list->{entries} } ], [], 'but no bodies');
is(get('dead?limit=1')->{json}{entries}[0]{entry}, $letter[2], 'it can be limited');
is(get('dead?limit=1')->{json}{packets}, 3, 'and says how many there are');
is(join(' ', map { $_->{entry} } @{ get("dead?before=$letter[2]")->{json}{entries} }), "$letter[1] $letter[0]", 'and goes on');
is_deeply(get("dead/$letter[0]")->{json}{body}, { messages => [ 1, 2 ] }, 'one letter has its body');
is(get("dead/$letter[1]")->{json}{body_hex}, 'ff0078', 'in hex where it is no text');
my $large = get("dead/$letter[2]")->{json};
is_deeply([ $large->{bytes}, length $large->{body_text} ], [ 2 << 20, 1 << 20 ], 'and its beginning where it is large');

for my $stream (qw(dead spill)) {
    is_refused(get("$stream/1-1"), 404, 'unknown_entry', "$stream: an entry that is not there");
    is_refused(get("$stream/$_"), 400, 'bad_field', "$stream: no entry: $_") for qw(x 1 1- -1-1 1-1x 11111111111111111111-1 - + %281-1);
    is_refused(get("$stream?limit=$_"), 400, 'bad_field', "$stream: no limit: $_")
        for qw(0 -1 1001 1e9 1000000000 99999999999999999999 x 1.5 +1 %31%00), '';
}
is_refused(get("dead?before=$_"), 400, 'bad_field', "goes on from no entry: $_") for qw(x 0 + -), '1' x 99;
for my $deed (qw(replay purge)) {
    for my $bad ({}, { all => \0 }, { all => 1 }, { all => 'true' }, { entries => [] }, { entries => $letter[0] }, { entries => { a => 1 } },
        { entries => [1] }, { entries => [ $letter[0], 'x' ] }, { entries => [ $letter[0], undef ] }, { entries => [ [ $letter[0] ] ] },
        { entries => [ $letter[0] ], all => \1 }, { entries => [], all => \1 }, { entries => [ ('1-1') x 1001 ] }, { entries => undef }) {
        is_refused(act($deed, $bad), 400, 'bad_field', "$deed: " . substr JSON::PP::encode_json($bad), 0, 60);
    }
    is_refused(act($deed, [ $letter[0] ]), 400, 'bad_json', "$deed: no object");
    is_refused(act($deed, { entries => [ $letter[0] ], more => 'x' x 70000 }), 413, 'body_too_large', "$deed: too much");
    is(act($deed, { entries => ['1-1'] })->{json}{missing}, 1, "$deed: what is not there is missing");
}
is_deeply([ scalar dead(), spilled() ], [ 3, 0 ], 'nothing of this changed anything');

is_deeply(act(replay => { entries => [ $letter[0], '1-1', $letter[0] ] })->{json},
    { replayed => 1, missing => 2, left => 0, full => JSON::PP::false }, 'those named are sent again, once');
my $spill = get('spill')->{json};
is_deeply([ @$spill{qw(packets messages)}, $spill->{entries}[0]{id}, spilled() ], [ 1, 2, 'p-1', 1 ], 'and are in the spill');
is_deeply(get("spill/$spill->{entries}[0]{entry}")->{json}{body}, { messages => [ 1, 2 ] }, 'with their bodies');
is_deeply(act(purge => { entries => [ @letter[ 1, 2 ] ] })->{json}, { purged => 2, missing => 0 }, 'those named are deleted');

$redis->command('XADD', 'weir:{default}:dead', '*', messages => 2, body => $BODY) for 1 .. 600;
my $full = act(replay => { all => \1 })->{json};
ok($full->{full}, 'a full spill ends a replay of all');
is_deeply([ $full->{replayed} + $full->{left}, spilled(), scalar dead() ], [ 600, 1 + $full->{replayed}, $full->{left} ], 'and the rest stays');
my $named = act(replay => { entries => [ (dead())[ 0 .. 99 ] ] })->{json};
is_deeply([ @$named{qw(replayed left)} ], [ 0, 100 ], 'as do those named');
is(scalar @{ get('dead?limit=1000')->{json}{entries} }, $full->{left}, 'a long list is read whole');
is(get('spill?limit=1000')->{json}{packets}, 1 + $full->{replayed}, 'of the spill too');
is(act(purge => { all => \1 })->{json}{purged}, $full->{left}, 'all are deleted');
is(scalar dead(), 0, 'and gone');
ok($node->wait_log(qr/msg="dead letters purged" .*(packets=$full->{left}) /), 'the log says so');
$redis->command('SET', 'weir:{default}:dead', 'no stream');
my $wrong = get('dead');
is_refused($wrong, 503, 'registry_away', 'a key of another type');
like($wrong->{json}{detail}, qr/^Redis answered: .*WRONGTYPE/, 'is told with what Redis answered');
$redis->kill_now;
like(get('dead')->{json}{detail}, qr/^Redis does not answer: /, 'a Redis that is away does not answer');
is_refused($_, 503, 'registry_away', 'without Redis nobody knows') for get('dead'), get('spill'), get('dead/1-1'), act(purge => { all => \1 });
done_testing;
