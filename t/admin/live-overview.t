# The overview, on any node, is what happens in the whole pool.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my $get = sub ($path, $i = 1) { http(GET => $cluster->node($i)->{admin} . $path)->{json} };
my $overview = sub ($i = 1) { $get->('/v1/overview', $i) };
my $of = sub ($id, $i = 1) { (grep { $_->{id} eq $id } @{ $overview->($i)->{analyzers} })[0] };

# ---- under load at one node, seen by the other ----

my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0);
wait_until { ($overview->(2)->{windows}[0]{messages} // 0) > 20_000 } 20, 'the other node to see the load';
my $seen = $overview->(2);
is($seen->{node}, 'n2', 'a node says that it answers');
my ($window) = @{ $seen->{windows} };
cmp_ok($window->{error_percent}, '<', 1, "shares are right: $window->{error_messages} of $window->{messages} messages off");
cmp_ok(abs($_->{windows}[0]{share} - $_->{share}), '<', 0.005, "$_->{id}: the share it was due is the one it has") for @{ $seen->{analyzers} };
cmp_ok(abs($_->{windows}[0]{actual} - $_->{share}), '<', 0.01, "$_->{id}: it got so much") for @{ $seen->{analyzers} };
# How fast it goes is the machine's to decide; that an analyzer gets its share, and a packet has five messages, is not.
my $rate = sum0 map { $_->{messages_per_s} } @{ $seen->{analyzers} };
cmp_ok(abs($_->{messages_per_s} / $rate - $_->{share}), '<', 0.02, "$_->{id}: its messages per second are its share of all") for @{ $seen->{analyzers} };
cmp_ok($_->{p50_ms}, '<=', $_->{p99_ms}, "$_->{id}: half of its deliveries take less than $_->{p50_ms} ms") for @{ $seen->{analyzers} };
is_deeply([ map { $_->{id} } @{ $seen->{nodes} } ], [qw(n1 n2)], 'both nodes are there');
cmp_ok($_->{packets_per_s}, '>', 0, "$_->{id} gets packets") for @{ $seen->{nodes} };
cmp_ok($_->{connections}, '>', 0, "$_->{id} has connections") for @{ $seen->{nodes} };
is($seen->{analyzers}[0]{breakers}{closed}, 2, 'the breaker of each worker is closed');
ok($seen->{redis}{up} && $seen->{redis}{round_trip_ms} > 0, "Redis is up: $seen->{redis}{round_trip_ms} ms");
my $history = $get->('/v1/history', 2);
is(@{ $history->{packets_per_s} }, @{ $history->{times_ms} } - 1, 'history has a rate between each two times');
cmp_ok(max(@{ $history->{analyzers}[0]{messages_per_s} }), '>', 0, 'and shows the load');

# ---- a change of weights is no error ----

$cluster->patch(a1 => { weight => 0.2 });
wait_until { $of->('a1')->{windows}[0]{share} < 0.4 } 15, 'the window to have the new share in it';
my $after = $overview->();
cmp_ok($after->{windows}[1]{error_percent}, '<', 1,
    "what each was due follows the weights as they were: $after->{windows}[1]{error_messages} messages off");

# ---- an analyzer that fails ----

$cluster->analyzer('a2')->kill_now;
wait_until { my $a2 = $of->('a2', 2); $a2->{trouble}[0] && $a2->{breakers}{open} } 15, 'its breaker to be seen open';
my $a2 = $of->('a2', 2);
my ($trouble) = grep { $_->{state} eq 'open' } @{ $a2->{trouble} };
like($trouble->{worker}, qr{\An[12]/0\z}, 'by a worker that had deliveries');
cmp_ok($trouble->{failures}, '>=', 5, 'after five failures');
cmp_ok($trouble->{left_ms}, '<=', 33_000, 'for so long');
wait_until { grep { $_->{kind} eq 'breaker' && $_->{analyzer} eq 'a2' } @{ $get->('/v1/events')->{events} } } 10, 'the event';
pass('and an event tells of it');
$load->signal('INT');
$cluster->finish_load($load);

# ---- a node that dies ----

$cluster->node(2)->kill_now;
wait_until { @{ $overview->()->{nodes} } == 1 } 15, 'the dead node to disappear';
is_deeply([ map { $_->{id} } @{ $overview->()->{nodes} } ], ['n1'], 'a dead node is not shown any more');
is($of->('a1')->{breakers}{closed}, 1, 'nor are its breakers');
wait_until { grep { $_->{kind} eq 'node_lost' && $_->{node} eq 'n2/0' } @{ $get->('/v1/events')->{events} } } 20, 'the event of its end';
pass('its end is an event');

# ---- Redis is away ----

$cluster->redis->stop;
wait_until { !$overview->()->{redis}{up} } 10, 'the node to notice';
my $last = $overview->();
ok($last->{redis}{error}, "without Redis it says so: $last->{redis}{error}");
is_deeply([ map { $_->{id} } @{ $last->{analyzers} } ], [qw(a1 a2 a3)], 'and shows the pool as it was');
wait_until { $overview->()->{age_ms} > 1500 } 10, 'it to age';
pass('and how old that is');
$cluster->redis->start;
my $old = $overview->()->{now_ms};
wait_until { my $o = $overview->(); $o->{redis}{up} && @{ $o->{analyzers} } == 3 && $o->{now_ms} > $old } 15, 'the pool to be seen again';
pass('Redis back, it is fresh again');
done_testing;
