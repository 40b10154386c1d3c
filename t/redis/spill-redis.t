# Spill and dead letters on a Redis of their own: whether that is full, frozen, dead or slow, the registry, routing and
# heartbeats do not notice, and nothing that was acknowledged is lost.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Redis;
use Weir::Relay;
use Weir::Test;

alarm 400;
my $store = Weir::Redis->new;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 1, a2 => 1 },
    node => [ '--spill-redis', $store->url, '--redis-timeout', '1s', '--ack-within', '300ms', '--spill-after', '100ms' ]);
my ($redis, $node) = ($cluster->redis, $cluster->node(1));
my $count = sub ($stream = 'spill') { $store->command(XLEN => "weir:{default}:$stream") };
my $post = sub ($body = '["x"]') { http(POST => "http://$node->{ingest}/ingest", $body) };
my $set = sub ($state) { $cluster->patch($_ => { state => $state }) for qw(a1 a2); wait_until { !grep { $_->{state} ne $state } map { @{ $cluster->cluster($_)->{analyzers} } } 1, 2 } 10, "all to be $state" };
my $drained = sub ($title) { $set->('active'); wait_until { $count->() == 0 } 30, 'the spill to be empty'; pass("$title: what was in the spill is delivered") };

# With analyzers that are there nothing needs the spill.
sub is_unmoved ($title, $cluster = $cluster) {
    my $without = sub { my $n = 0; $n += metrics($_)->{weir_routed_without_redis_packets_total} // 0 for $cluster->nodes; $n };
    my $before = $without->();
    my $report = $cluster->load(rate => 200, duration => 2, connections => 10);
    is($report->{status}, 0, "$title: packets are delivered");
    is($without->(), $before, "$title: routing has the registry");
    is(join(' ', map { $_->{health} } @{ $cluster->cluster->{analyzers} }), 'up up', "$title: heartbeats arrive");
    is(http(GET => "$_->{admin}/readyz")->{status}, 200, "$title: $_->{name} is ready") for $cluster->nodes;
}

$set->('disabled');
is(join(' ', map { $post->()->{status} } 1 .. 5), '202 202 202 202 202', 'packets that nobody takes are stored');
is($count->(), 5, 'on the server of the spill');
$store->script('bury', 'default', '["bad"]', 1, 'a1', 400, 'n1', 10, 'p', 'application/json', 1, 1 << 20);
is(scalar grep({ /:(?:spill|spill_total|spill_workers|dead)$/ } @{ $redis->command(KEYS => '*') }), 0, 'and not in the registry');
wait_until { $cluster->cluster->{spill}{packets} == 5 && $cluster->cluster->{dead}{packets} == 1 } 10, 'the registry to know';
is($cluster->cluster->{spill}{server}, '127.0.0.1:' . $store->port, 'the cluster says where, and how much there is');
is(http(GET => "$node->{admin}/v1/spill")->{json}{packets}, 5, 'the admin port lists them');
is(http(GET => "$node->{admin}/v1/dead")->{json}{packets}, 1, 'and dead letters');
like(http(GET => "$node->{admin}/readyz?verbose")->{content}, qr/^\[\+\]spill-redis ok$/m, 'readiness says that the server is there');
wait_until { grep { $_->{kind} eq 'spill_began' } @{ http(GET => "$node->{admin}/v1/events?limit=100")->{json}{events} } } 10, 'the event to be in the journal';
my @ctl = ('weirctl', '--redis', $redis->url);
like(run(@ctl, 'spill')->{stderr}, qr/are on another Redis, 127.0.0.1:\d+: give its URL with --spill-redis/, 'weirctl says that they are elsewhere');
like(run(@ctl, 'spill', '--spill-redis', $store->url)->{stdout}, qr/: 5 packets, /, 'and shows them there');
is(run(@ctl, 'dead', 'replay', 'all', '--spill-redis', $store->url)->{stdout}, "replayed 1 packet\n", 'dead letters are replayed there');

$store->command(qw(CONFIG SET maxmemory 1));
my $refusal = $post->();
like("$refusal->{status} $refusal->{content}", qr/^503 .*spill_refused/s, 'full: a packet that nobody takes is refused, as Redis refuses it');
$drained->('full');
is_unmoved('full');
$store->command(qw(CONFIG SET maxmemory 0));

$store->freeze;
is_unmoved('frozen');
$set->('disabled');
$refusal = $post->();
like("$refusal->{status} $refusal->{content}", qr/^503 .*spill_(?:slow|away)/s, 'frozen: what nobody takes is refused');
wait_until { http(GET => "$node->{admin}/readyz?verbose")->{content} =~ /^\[-\]spill-redis away/m } 10, 'readiness to say so';
$store->thaw;
wait_until { $post->()->{status} == 202 } 20, 'the spill to take packets again';
is($count->(), 1, 'frozen: what was refused is not there too');
$drained->('frozen');

$store->kill_now;
is_unmoved('dead');
$set->('disabled');
$refusal = $post->();
like("$refusal->{status} $refusal->{content}", qr/^503 .*spill_away/s, 'dead: what nobody takes is refused');
$store->start;
wait_until { $post->()->{status} == 202 } 20, 'the spill to take packets again';
$drained->('dead');
is(run(@ctl, 'verify', '--tolerance', 100)->{status}, 0, 'all accounts add up') or diag(run(@ctl, 'verify', '--tolerance', 100)->{stdout});

# The other way round: whatever the registry does, the spill takes what nobody takes.
my %registry = (full => [ sub { $redis->command(qw(CONFIG SET maxmemory 1)) }, sub { $redis->command(qw(CONFIG SET maxmemory 0)) } ],
    frozen => [ sub { $redis->freeze }, sub { $redis->thaw } ], dead => [ sub { $redis->kill_now }, sub { $redis->start } ]);
for my $state (qw(full frozen dead)) {
    my ($begin, $end) = @{ $registry{$state} };
    $set->('disabled');
    $begin->();
    is(join(' ', map { $post->()->{status} } 1 .. 3), '202 202 202', "registry $state: packets that nobody takes are stored");
    is($count->(), 3, "registry $state: in the spill");
    $end->();
    for my $one ($cluster->nodes) {
        wait_until { @{ http(GET => "$one->{admin}/v1/cluster")->{json}{analyzers} // [] } == 2 } 30, 'the registry to be back';
    }
    $drained->("registry $state");
}

my $relay = Weir::Relay->new(bytes_per_s => 100_000);
$relay->run('127.0.0.1:' . $store->port);
$store->script('spill_push', 'default', 'n9', 1 << 30, '', 'application/json', 1, int(1000 * time), '["' . 'x' x 2_000_000 . '"]', 0, '');
my $slow = Weir::Cluster->start(nodes => 1, analyzers => { a3 => 1, a4 => 1 }, node => [ '--spill-redis', 'redis://' . $relay->addr . '/0' ]);
$cluster->node($_)->end for 1, 2;
is_unmoved('slow', $slow);
wait_until { $count->() == 0 } 60, 'the large packet to be delivered';
pass('slow: what was in the spill is delivered');
done_testing;
