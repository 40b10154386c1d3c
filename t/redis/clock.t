# The clock of Redis goes back, as NTP, a restored machine or another host does it: shares stay right, what died is
# noticed as soon as ever, nobody is held back, and nothing that a dead worker had taken stays stuck.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Clock;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my $clock = Weir::Clock->new;
my %weight = (a1 => 5, a2 => 3, a3 => 2);
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => \%weight);
my $redis = $cluster->redis;
my $shares = sub { return { map { $_->{id} => sprintf '%.3f', $_->{share} } @{ $cluster->cluster->{analyzers} } } };
my $right = { a1 => '0.500', a2 => '0.300', a3 => '0.200' };
my $are_right = sub { my $s = eval { $shares->() } or return 0; return "@{[ map { $s->{$_} // '' } sort keys %$right ]}" eq '0.500 0.300 0.200' };
my $now_ms = sub { my $t = $redis->command('TIME'); return $t->[0] * 1000 + int $t->[1] / 1000 };
my $ends = sub ($key) { my %end = @{ $redis->command(ZRANGE => "weir:{default}:$key", 0, -1, 'WITHSCORES') }; return \%end };
my $settled = sub { my $end = $ends->('nodes'); my $now = $now_ms->(); return !grep { $_ > 0 && $_ > $now + 6000 } values %$end };

# ---- 60 s, and one analyzer restarts ----

wait_until { $are_right->() } 10, 'shares by weight';
$clock->set(-60);
wait_until { $settled->() } 20, 'leases of workers to be as long as they are';
my $until = $now_ms->() + 30_000;
is_deeply([ grep { $_ > $until } values %{ $ends->('expires') } ], [], 'no lease of an analyzer ends later than it may');
$cluster->analyzer('a3')->kill_now;
$cluster->start_analyzer('a3', 2);
wait_until { $are_right->() } 20, 'shares by weight, although one has restarted';
pass('60 s back, and an analyzer restarts: all have their shares');
is((grep { $_->{kind} eq 'clock_back' } @{ http(GET => ($cluster->nodes)[0]{admin} . '/v1/events?limit=100')->{json}{events} }), 1, 'the journal says so once');

# ---- 600 s, and a node is killed that had taken packets ----

$clock->set(-660);
wait_until { $settled->() } 20, 'leases to be right again';
$cluster->analyzer($_)->kill_now for keys %weight;
my $load = $cluster->begin_load(rate => 200, duration => 2, connections => 20);
$cluster->finish_load($load);
my $n_spilled = sub { $redis->command(XLEN => 'weir:{default}:spill') };
wait_until { $n_spilled->() > 50 } 10, 'packets in the spill';
($cluster->nodes)[1]->kill_now;
$clock->set(-1260);
$cluster->start_analyzer($_, $weight{$_}) for sort keys %weight;
wait_until { $n_spilled->() == 0 } 30, 'the spill to be empty, also of what the dead node had taken';
pass('600 s back, and a node is killed: what it had taken is delivered');
wait_until { @{ $cluster->cluster->{nodes} } == 1 } 20, 'the dead node to be gone';
pass('and it is not live for longer than its lease');

# ---- a day forward and back ----

$clock->set(86_400);
wait_until { $are_right->() } 15, 'shares by weight, a day later';
$cluster->analyzer('a2')->kill_now;
$clock->set(-1260);
wait_until { my $s = eval { $shares->() }; $s && !$s->{a2} || $s->{a2} == 0 } 20, 'the dead analyzer to have no share';
pass('a day forward and back: who died meanwhile has no share after its lease');
done_testing;
