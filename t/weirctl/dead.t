# weirctl shows dead letters, sends them again, and deletes them.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 300;
my $redis = Weir::Redis->new;
my $BODY = qq({"messages":["\x{c3}\x{a9}", 2]}\n);
my $SIZE = length $BODY;
my $RECEIVED = '2026-01-02T03:04:05.678Z';

sub ctl (@arguments) { return run('weirctl', '--redis', $redis->url, @arguments) }
sub dead () { return map { $_->[0] } @{ $redis->command('XRANGE', 'weir:{default}:dead', '-', '+') } }
sub spilled () { return $redis->command('XLEN', 'weir:{default}:spill') }

# A letter as a node writes it: its entry.
sub bury (%packet) {
    $redis->script('bury', 'default', $packet{body} // $BODY, 2, $packet{analyzer} // 'a1', $packet{status} // 400, 'n1', 1e6,
        $packet{id} // 'p', 'application/json', 1767323045678);
    return (dead())[-1];
}

is(ctl('dead', 'list')->{stdout}, "no dead letters\n", 'at first there are none');
is(ctl('dead', 'replay', 'all')->{stdout}, "replayed 0 packets\n", 'and none are sent again');

my @letter = (bury(id => 'p-1'), bury(id => 'p-2', status => 422, analyzer => 'a2'), bury(body => "\xff\0", id => "x\e[2J"));
my $list = ctl('dead', 'list');
like($list->{stdout}, qr/^ENTRY +AGE +ANALYZER +REASON +MESSAGES +BYTES +FORMAT +PACKET$/m, 'a list has columns');
like($list->{stdout}, qr/^$letter[0] +\ds +a1 +status 400 +2 +$SIZE +json +p-1$/m, 'and a line for each letter');
is(join(' ', $list->{stdout} =~ /^(\d+-\d+)/mg), join(' ', reverse @letter), 'the latest first');
unlike($list->{stdout}, qr/\e/, 'what packets say about themselves does not reach the terminal as it is');
my $short = ctl('dead', 'list', '--limit', 2);
is(scalar(() = $short->{stdout} =~ /^\d+-\d+/mg), 2, 'a list can be limited');
like($short->{stdout}, qr/^the latest 2 of 3 /m, 'and says what it leaves out');
my $json = ctl('dead', 'list', '--json')->{json};
is($json->{total}, 3, 'programs get the total');
my $second = $json->{entries}[1];
is("@$second{qw(entry analyzer reason node messages bytes type received packet_id)}",
    "$letter[1] a2 status 422 n1 2 $SIZE application/json $RECEIVED p-2", 'and what there is to know of each');
ok(!exists $second->{body}, 'but no bodies');

my $show = ctl('dead', 'show', $letter[0]);
is($show->{stdout}, $BODY, 'a letter is shown byte for byte');
like($show->{stderr}, qr/^reason +status 400$/m, 'with its details on stderr');
is(ctl('dead', 'show', $letter[2])->{stdout}, 'ff00', 'but in hex what is no text and not in its format');
is_deeply(ctl('dead', 'show', $letter[0], '--json')->{json}{body}{messages}, [ "\x{e9}", 2 ], 'for programs all is one object');
is(ctl('dead', 'show', $letter[2], '--json')->{json}{body_hex}, 'ff00', 'where a body in hex has another name');

for my $command (qw(show replay purge)) {
    my $unknown = ctl('dead', $command, '1-1');
    is($unknown->{status}, 1, "$command: an entry that is not there is a failure");
    like($unknown->{stderr}, qr/no entry 1-1 in pool "default"/, 'which names it');
    is(ctl('dead', $command, $_)->{status}, 2, "$command: wrong usage: $_") for 'x', '1', '1-', '-1-1', '1-1x';
    is(ctl('dead', $command)->{status}, 2, "$command needs an entry");
}
is(scalar dead(), 3, 'nothing of this changed anything');
is(ctl('dead', $_, $letter[0], 'all')->{status}, 2, "$_ takes all or entries") for qw(replay purge);

my $replay = ctl('dead', 'replay', $letter[0], '1-1', $letter[1]);
is($replay->{status}, 1, 'one entry that is not there');
is($replay->{stdout}, "replayed 2 packets\n", 'does not keep the others from being sent again');
is(join(' ', dead()), $letter[2], 'they are no dead letters any more');
is(spilled(), 2, 'but in the spill');
my ($taken) = @{ $redis->script('spill_take', 'default', 'n1/0', 1, 1, 'new') }[2];
is("@$taken[1 .. 4]", 'p-1 application/json 2 1767323045678', 'as they came');
is($taken->[6], $BODY, 'byte for byte');

is(ctl('dead', 'purge', $letter[2])->{stdout}, "purged 1 packet\n", 'a letter can be deleted');
is(scalar dead(), 0, 'and is gone');

bury(id => "n-$_") for 1 .. 50;
my $bytes = $redis->hash('weir:{default}:spill_total')->{bytes};
my $full = ctl('dead', 'replay', 'all', '--spill-max-bytes', $bytes + 20 * ($SIZE + 4 + 16 + 128), '--json');
is($full->{status}, 1, 'a full spill is a failure');
like($full->{stderr}, qr/the spill is full/, 'and says so');
is_deeply([ $full->{json}{replayed} + dead(), spilled() ], [ 50, 2 + $full->{json}{replayed} ], 'what found no room stays dead');
cmp_ok($full->{json}{replayed}, '>=', 20, 'what found room is in the spill');
is(ctl('dead', 'replay', 'all')->{status}, 0, 'with room again');
is_deeply([ scalar(dead()), spilled() ], [ 0, 52 ], 'all that is left is sent');

bury() for 1 .. 40;
my $purge = ctl('dead', 'purge', 'all');
is($purge->{status}, 2, 'all are not deleted without a question');
like($purge->{stderr}, qr/--yes/, 'or --yes');
is(scalar dead(), 40, 'so they are still there');
is(ctl('dead', 'purge', 'all', '--yes')->{stdout}, "purged 40 packets\n", 'with it they are');
is(scalar dead(), 0, 'gone');

like(ctl('dead', 'lsit')->{stderr}, qr/did you mean dead list\?/, 'a mistyped command is told from the right one');
is(ctl('dead')->{status}, 2, 'dead alone is no command');
like(ctl('dead', '--help')->{stdout}, qr/^  dead purge /m, 'but its help lists them');
like(ctl('dead', $_, '--help')->{stdout}, qr/^  weirctl dead $_/m, "$_ has help with an example") for qw(list show replay purge);
$redis->kill_now;
is(ctl('dead', 'list')->{status}, 1, 'without Redis there is no list');
done_testing();
