# Spill and dead letters through a node's admin port: the same tables, objects and exit statuses as straight from Redis.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Terminal;
use Weir::Test;

alarm 120;
my $token = 'admin-token-of-the-test';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--admin-token', $token ]);
my ($redis, $url) = ($cluster->redis, $cluster->node(1)->{admin});
my $BODY = qq({\n\t"messages":["\x{c3}\x{a9}", 12345678901234567891, 1.10]\n}\n);

sub node (@arguments) { return run('weirctl', '--admin', $url, '--admin-token', $token, @arguments) }
sub direct (@arguments) { return run('weirctl', '--redis', $redis->url, @arguments) }
# Ages differ from call to call.
sub ageless ($text) { return $text =~ s/ +\d+s\b//gr }
sub dead () { return map { $_->[0] } @{ $redis->command('XRANGE', 'weir:{default}:dead', '-', '+') } }
sub bury ($body) {
    $redis->script('bury', 'default', $body, 2, 'a1', 400, 'n1', 1e6, 'p', 'application/json', 1767323045678);
    return (dead())[-1];
}

is(node(@$_)->{stdout}, direct(@$_)->{stdout}, "@$_: nothing is said alike") for [ 'dead', 'list' ], [ 'spill', 'list' ];
is(node('spill')->{stdout}, "the spill is empty\n", 'an empty spill is told');

my @letter = map { bury($_) } $BODY, "\xff\0", 'plain text';
for ([ 'dead', 'list' ], [ 'dead', 'show', $letter[2] ], [ 'dead', 'show', $letter[1] ]) {
    my ($node, $direct) = (node(@$_), direct(@$_));
    is(ageless($node->{stdout}), ageless($direct->{stdout}), "@$_[0, 1]: a node's output is that of Redis");
    is($node->{stderr}, $direct->{stderr}, 'with the same details');
}
is(node('dead', 'list', '--json')->{json}{$_}, direct('dead', 'list', '--json')->{json}{$_}, "programs get the same $_") for 'total';
is(node('dead', 'list', '--json')->{json}{entries}[2]{packet_id}, 'p', 'and the same names');
like(node('dead', 'list', '--limit', 1)->{stdout}, qr/^the latest 1 of 3 /m, 'a limited list says what it leaves out');
my $show = node('dead', 'show', $letter[0]);
is("$show->{status} $show->{stdout}", "0 $BODY", 'a body of several lines is shown byte for byte') or diag $show->{stderr};
is(node('dead', 'show', $letter[0], '--json')->{stdout} =~ tr/\n//, 1, 'and is one line for programs');
like(node('dead', 'show', $letter[0], '--json')->{stdout}, qr/"messages":\["\x{c3}\x{a9}", 12345678901234567891, 1\.10\]/, 'with every digit, for programs, too');

for my $command (qw(show replay purge)) {
    my $unknown = node('dead', $command, '1-1');
    is($unknown->{status}, 1, "$command: an entry that is not there is a failure");
    like($unknown->{stderr}, qr/^weirctl: .*(?:not there|No such entry)/, 'which is told');
    is(node('dead', $command, 'x')->{status}, 2, "$command: what is no entry is wrong usage");
    is(run('weirctl', '--admin', $url, 'dead', $command, '1-1')->{status}, 1, "$command needs the token");
}
like(node('dead', $_, 'all', '1-1')->{stderr}, qr/^weirctl: dead $_ takes all, or entries, but not both$/, "$_ takes all or entries") for qw(replay purge);
is(node('dead', 'replay', $letter[0], '1-1')->{stdout}, "replayed 1 packet\n", 'one that is not there does not keep others from being sent again');
is(node('dead', 'purge', $letter[1])->{stdout}, "purged 1 packet\n", 'a letter can be deleted');
is(node('dead', 'purge', 'all')->{status}, 2, 'all are not deleted without --yes');
for ([ n => 1 ], [ y => 0 ]) {
    my ($key, $status) = @$_;
    my $terminal = Weir::Terminal->start([ 'weirctl', '--admin', $url, '--admin-token', $token, 'dead', 'purge', 'all' ], columns => 160);
    $terminal->wait_screen(qr/^Delete 1 dead letters of the pool of the node at "\Q$url\E" for good\? \[y\/N\]/m, 10);
    $terminal->type("$key\n");
    is($terminal->wait_end, $status, "on a terminal it asks, and does what the answer '$key' says");
    is(scalar dead(), $status, 'and nothing else');
}
bury('plain text');
is(node('dead', 'purge', 'all', '--yes', '--json')->{json}{purged}, 1, 'with it they are');
is(scalar dead(), 0, 'none is left');

my ($entry) = node('spill', 'list', '--json')->{json}{entries}[0]{entry};
is(ageless(node('spill', 'list')->{stdout}), ageless(direct('spill', 'list')->{stdout}), 'the list of the spill is that of Redis');
my $packet = node('spill', 'show', $entry, '--json')->{json};
delete $packet->{age_ms};
is_deeply($packet, direct('spill', 'show', $entry, '--json')->{json}, 'and so is a packet');
like(node('spill')->{stdout}, qr/^1 packets, 2 messages, \d+ bytes in the spill; the oldest has waited \d+s$/m, 'it says how much there is in the spill');
is_deeply([ sort keys %{ node('spill', '--json')->{json} } ], [ sort keys %{ direct('spill', '--json')->{json} } ], 'for programs under the same names');
like(run('weirctl', '--admin', $url, 'remove', 'a1')->{stderr}, qr/--admin-token-file/, 'who removes without the token is told how to give it');

$redis->kill_now;
for ([ 'dead', 'list' ], [ 'dead', 'show', '1-1' ], [ 'dead', 'replay', 'all' ], [ 'dead', 'purge', '1-1' ], [ 'spill' ], [ 'spill', 'list' ], [ 'spill', 'show', '1-1' ]) {
    my $run = node(@$_);
    is("$run->{status} $run->{stdout}", '1 ', "@$_[0 .. $#$_]: without Redis it fails");
    like($run->{stderr}, qr/^weirctl: the node at \Q$url\E answered 503: Redis /, 'and says why');
}
done_testing;
