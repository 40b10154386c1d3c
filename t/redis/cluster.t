# A real Redis Cluster: a slot that moves under load, a master that dies, and nobody has to be told. Nothing that was
# acknowledged is lost.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::RedisCluster;
use Weir::Test;

alarm 400;
my $rc = Weir::RedisCluster->new(replicas => 1);
my $slot = $rc->slot('weir:{default}:epoch');
my $owner = $rc->owner($slot);
my ($stranger) = grep { $_ != $owner } 0 .. 2;

# Any node will do: it is not the one that has the slot.
my $cluster = Weir::Cluster->start(nodes => 2, redis => $rc->node($stranger), analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
pass('a node finds the master of the slot from a URL of any node');
like($cluster->node(1)->log, qr/msg="this is a Redis Cluster"/, 'and says that it is a cluster');

my $ready = sub ($i) { http(GET => $cluster->node($i)->{admin} . '/readyz?verbose')->{content} };
my $is_whole = sub { (grep { $ready->($_) =~ /\[\+\]redis ok/ } 1, 2) == 2 && !grep { $_->{mode} eq 'away' } @{ $cluster->cluster->{nodes} } };
my $weirctl = sub { run('weirctl', '--redis', $rc->node($stranger)->url, @_, '--json') };
wait_until { $is_whole->() } 10, 'all nodes are whole';
is(scalar @{ $weirctl->('status')->{json}{analyzers} }, 3, 'weirctl finds it too');

my $load = $cluster->begin_load(rate => 500, messages => '1-9', duration => 0);
my $n_stored = sub { $rc->node($_[0])->command(qw(CLUSTER COUNTKEYSINSLOT), $slot) };
my $accepted = sub { $cluster->cluster->{accounts}{received}{packets} };
wait_until { $accepted->() > 500 } 20, 'the load is on';

# ---- a slot moves ----

my $epoch = $rc->node($owner)->command(GET => 'weir:{default}:epoch');
my %said;
$rc->move_slot($slot, $owner, $stranger, sub ($how) {
    wait_until { grep { $ready->($_) =~ /\[-\]redis away/ } 1, 2 } 10, 'a node to notice' if $how eq 'some';
    $said{$how} = 1;
});
my $moved_at = time;
ok($said{some}, 'while keys are on their way a node says that Redis is away');
wait_until { $is_whole->() } 10, 'all nodes to be whole again';
pass(sprintf 'after a slot has moved, nodes are whole: %.1f s', time - $moved_at);
is($n_stored->($owner), 0, 'nothing is written to the old master');
cmp_ok($rc->node($stranger)->command(GET => 'weir:{default}:epoch'), '>=', $epoch, 'and nothing was started anew');
is($weirctl->('weight', 'a3', '0.4')->{status}, 0, 'weirctl changes a weight at the new master');
wait_until { (grep { $_->{id} eq 'a3' } @{ $cluster->cluster(2)->{analyzers} })[0]{weight} == 0.4 } 10, 'the nodes to know of it';
pass('of changes nodes are told, as Pub/Sub works through any node');

unlike($cluster->node(1)->log, qr/lost data/, 'nobody thinks that the registry lost data');

# ---- a master dies ----

my $replica = $stranger + 3;
$rc->node($stranger)->kill_now;
# On a slow machine the servers lose sight of each other, too, and the slot has no master again.
my @live = grep { $_ != $stranger } 0 .. 5;
my $has_taken_over = sub {
    return @live == grep { ($rc->owner($slot, $_) // -1) == $replica && $rc->node($_)->command(qw(CLUSTER INFO)) =~ /^cluster_state:ok\r/m } @live;
};
wait_until { $has_taken_over->() } 30, 'the replica to take over';
my $over_at = time;
wait_until { $is_whole->() } 15, 'all nodes to be whole again';
pass(sprintf 'after a replica took over, nodes are whole: %.1f s', time - $over_at);
is(run('weirctl', '--redis', 'redis+cluster://' . join(',', map { '127.0.0.1:' . $rc->node($_)->port } $stranger, $owner), 'status')->{status}, 0,
    'of several nodes in the URL the first may be dead');

# ---- the sum ----

$load->signal('INT');
my $report = $cluster->finish_load($load);
wait_until { my $c = $cluster->cluster; !$c->{spill}{packets} && !$c->{accounts}{in_flight}{packets} } 20, 'nothing to be under way';
my $recorded = $cluster->recorded;
is_deeply([ grep { !$recorded->{$_} } @{ $report->{acked} } ], [], 'none of ' . @{ $report->{acked} } . ' acknowledged packets is lost');
my $verify = run('weirctl', '--redis', $rc->node($owner)->url, 'verify', '--json', '--wait', '5s');
is_deeply([ map { $_->{detail} } grep { !$_->{ok} && $_->{check} =~ /^(?:accounts|packets|credit)$/ } @{ $verify->{json}{checks} } ], [], 'and the accounts add up');
# The last calls that the master answered may not have reached its replica, and a node tells that.
unlike($cluster->node(1)->log, qr/lost data.* keys=(?!held )/, 'nor that more is lost than what the replica had not heard of');
done_testing;
