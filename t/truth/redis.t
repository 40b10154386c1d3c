# What befalls Redis has its name on every tool: refusals to write, slowness, rights, and its end.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Redis;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start;
my $redis = $truth->cluster->redis;
my $admin = $truth->cluster->node(1)->{admin};

# The state is on readyz?verbose, /health, the tile's JSON and the metric.
sub everywhere ($state) {
    like(http(GET => "$admin/readyz?verbose")->{content}, qr/^\[-\]redis $state /m, "  readyz?verbose says $state");
    is(http(GET => "$admin/health")->{json}{redis}, $state, '  /health says it');
    is($truth->overview->{redis}{state}, $state, '  and the overview');
}
my $refused = sub ($what, $state, $error, @commands) {
    $truth->begins($what, sub { $redis->command(@$_) for @commands }, kind => 'redis', subject => $state, level => 'trouble', nodes => 'n1',
        text => qr/as n1 sees it; the figures are those of n1 alone$/, error => $error, since => 1, event_later => 'redis', alert => 'WeirRedisState', labels => { state => $state },
        metric => sub ($m) { $m->{qq(weir_redis_state{state="$state"})} == 1 });
    everywhere($state);
    is($truth->overview->{figures}{of}, 'node', '  the figures are those of the node');
};

# Nobody can renew a lease meanwhile. That they end is no news of analyzers or nodes.
sub leases_end () {
    $truth->patiently(20, sub { !grep { $_->{heartbeat_age_ms} <= $_->{ttl_ms} } grep { $_->{id} eq 'a3' } @{ $truth->overview->{analyzers} } }, 'the lease of a3 to end');
    $truth->patiently(20, sub { !@{ $redis->command('ZRANGEBYSCORE', 'weir:{default}:nodes', 1000 * time, '+inf') } }, 'the lease of the node to end');
    my $seen;
    my $causes = sub { $seen = $truth->overview; return join ', ', map { "$_->{kind} " . ($_->{subject} // '') } grep { $_->{level} =~ /^(?:warn|trouble)$/ } @{ $seen->{verdict}{causes} } };
    # An analyzer that a slow machine held up is another cause for a moment.
    $truth->patiently(20, sub { $causes->() eq 'redis refusing_oom' }, 'Redis to be the only cause');
    pass('  leases end, and Redis is the only cause');
    is_deeply([ map { $_->{health} } @{ $seen->{analyzers} } ], [qw(up up up)], '  no analyzer is called down');
    is_deeply([ map { $_->{messages_per_s} } @{ $seen->{analyzers} } ], [ (undef) x 3 ], '  and none is said to get 0 messages/s');
    is_deeply([ map { $_->{id} } @{ $seen->{nodes} } ], ['n1'], '  the node is listed');
    cmp_ok($seen->{figures}{messages_per_s}, '>', 0, '  and says what it receives');
    $truth->patiently(20, sub { run('weirctl', '--redis', $redis->url, 'status')->{stdout} =~ /^Redis refuses to write.*\n  trouble Redis refuses.*\n\nANALYZER/m }, 'weirctl to find the same');
    pass('  weirctl finds no other cause, either');
}

$truth->cluster->start_analyzer('a3', 1, '--ttl', '3s');
$truth->cluster->wait_known('a3');
$refused->('Redis is at maxmemory', 'refusing_oom', qr/OOM/, [qw(CONFIG SET maxmemory 1)]);
leases_end();
$truth->ends('it has memory again', sub { $redis->command(qw(CONFIG SET maxmemory 0)) });
$refused->('Redis wants replicas', 'noreplicas', qr/NOREPLICAS/, [qw(CONFIG SET min-replicas-to-write 1)]);
$truth->ends('it wants none', sub { $redis->command(qw(CONFIG SET min-replicas-to-write 0)) });
$refused->('Redis is a replica', 'refusing_readonly', qr/READONLY/, [qw(REPLICAOF 127.0.0.1 1)]);
$truth->ends('it is the primary again', sub { $redis->command(qw(REPLICAOF NO ONE)) });
$refused->('the user lacks rights', 'noperm', qr/NOPERM/, [qw(ACL SETUSER default -hset)]);
$truth->ends('it has them', sub { $redis->command(qw(ACL SETUSER default +hset)) });
done_testing;
