# Redis is gone for 5 s under load and comes back empty: agents notice nothing, and the cluster is soon whole again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(min sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

alarm 450;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => \%share);
my $load = $cluster->begin_load(rate => 3000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };
wait_until { $total->() >= 20_000 } 20, 'the load is on';
$cluster->patch(a1 => { weight => 0.7 }); # what an operator set is not to be lost either
%share = (a1 => 0.7, a2 => 0.3, a3 => 0.2);

# ---- away ----

is($cluster->redis->stop, 0, 'Redis stops');
my $gone = time;
is(http(GET => "http://$_->{ingest}/readyz")->{status}, 200, "$_->{name} stays ready") for $cluster->nodes;
is(http(GET => $cluster->node(1)->{admin} . '/v1/cluster')->{status}, 503, 'who asks for the cluster is told to come again');
my $delivered = sub { sum0 map { metrics($_)->{'weir_delivered_messages_total'} } $cluster->nodes };
my $at_start = $delivered->();
wait_until { time >= $gone + 5 && $delivered->() > $at_start + 40_000 } 20, '5 s without Redis, and deliveries all the while';
pass('deliveries go on without it');

my @seen = map { metrics($_) } $cluster->nodes;
is(sum0(map { @$_{qw(weir_redis_up weir_redis_up_workers)} } @seen), 0, 'metrics say that it is away');
cmp_ok(min(map { $_->{weir_pool_age_seconds} } @seen), '>=', 4.5, 'and that what they tell of the pool is old');

# ---- back ----

$cluster->redis->start;
my $back = time;
wait_until {
    my $now = eval { $cluster->cluster } or return 0;
    return @{ $now->{analyzers} } == 3 && @{ $now->{nodes} } == 3 && sum0(map { $_->{routed} } @{ $now->{analyzers} }) > 0;
} 10, 'the roster is there, and counters';
my $before = $cluster->counts;
wait_until { $total->() > $total->($before) } 10, 'they grow';
my $seconds = time - $back;
note(sprintf 'after %.2f s', $seconds);
pass('the roster and the counters work again');
is_deeply({ map { $_->{id} => $_->{weight} } @{ $cluster->cluster->{analyzers} } }, \%share, 'with the weights as they were');

wait_until { 3 == grep { my $m = metrics($_); "@$m{qw(weir_redis_up weir_redis_up_workers weir_redis_connects_total)}" eq '1 1 2' } $cluster->nodes } 5,
    'metrics to say that it is back, and for the second time';
wait_until { $total->() - $total->($before) > 30_000 } 20, 'what was routed meanwhile is settled';
$before = $cluster->counts;
my $n;
wait_until { ($n = $total->() - $total->($before)) > 20_000 } 20, '20000 messages';
cmp_ok(100 * Weir::Cluster::worst($cluster->errors(\%share, $before)) / $n, '<=', 0.5, 'and the shares are right');

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
note(sprintf 'slowest answer: %.0f ms', $report->{latency_us}{max} / 1000);
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'nothing is lost or doubled');
wait_until { $delivered->() == $report->{accepted}{messages} } 20, 'the nodes have counted every message';
my $in_redis = $total->($cluster->counts('delivered'));
note("$in_redis of $report->{accepted}{messages} messages are in the new Redis");
cmp_ok($in_redis, '<=', $report->{accepted}{messages}, 'and none twice');

done_testing;
