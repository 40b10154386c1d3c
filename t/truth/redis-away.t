# Redis is killed and comes back empty: whose figures these are is told, the pool is whole again, and no spike is left.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max);
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start;
my $redis = $truth->cluster->redis;

$truth->begins('Redis is killed', sub { $redis->kill_now }, kind => 'redis', subject => 'away', level => 'trouble', nodes => 'n1', since => 1,
    text => qr/^Redis is away, as n1 sees it/, error => qr/refused|closed|reset/, event_later => 'redis', alert => 'WeirRedisAway', metric => sub ($m) { $m->{'weir_redis_state{state="away"}'} == 1 });
$truth->patiently(20, sub { $truth->overview->{figures}{messages_per_s} > 0 }, 'own figures');
is($truth->overview->{figures}{of}, 'node', 'the figures are those of the node, and go on');
is($truth->overview->{nodes}[0]{id}, 'n1', 'by its name');

$truth->begins('Redis comes back empty', sub { $redis->start or die "redis does not come up\n" }, kind => 'redis', subject => 'empty', level => 'warn',
    text => qr/^Redis came back empty/, since => 1, event => 'data_lost|registry_away|joined|back', alert => 'WeirRedisLostData', within => 30,
    metric => sub ($m) { $m->{weir_registry_losses_total} > 0 && $m->{'weir_redis_state{state="empty"}'} == 1 });
$truth->ends('it is whole again', sub { }, within => 90);
my $rates = http(GET => $truth->cluster->node(1)->{admin} . '/v1/history')->{json};
my @seen = map { $_ // 0 } map { @{ $_->{messages_per_s} } } @{ $rates->{analyzers} };
cmp_ok(max(@seen, 0), '<', 300 * 10, 'no spike is left in the chart');
done_testing;
