# Redis fails over, by real sentinels and under load: agents notice nothing, and the cluster is soon whole again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Sentinels;
use Weir::Test;

alarm 600;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $redis = Weir::Sentinels->new;

# ---- who is asked, and what they say ----

sub status ($url) {
    return run('weirctl', '--redis', $url, '--timeout', '4s', 'status');
}
my $mute = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 8, Proto => 'tcp') or die "listen: $@";
my @alive = map { $_->port } $redis->sentinels;
my $run = status($redis->url(ports => [ $redis->dead_port, $mute->sockport, @alive ]));
is($run->{status}, 0, 'sentinels that are down or mute are passed over');
like(status($redis->url(ports => [ $redis->dead_port, $mute->sockport ]))->{stderr},
    qr/sentinel \S+: Connection refused; sentinel \S+: no answer in time/, 'with none left each reason is told');
$run = status($redis->url(master => 'nosuch'));
is($run->{status}, 1, 'a master that no sentinel knows is an error');
like($run->{stderr}, qr/knows no master named "nosuch"/, 'which says so');
unlike($run->{stderr}, qr/@{[ Weir::Sentinels::PASSWORD ]}|%3a|qu/, 'and tells no password');
like(status($redis->url =~ s/\?.*//r)->{stderr}, qr/NOAUTH .*sentinel_password=/, 'sentinels that want a password say how to give it');

# ---- the primary is killed, with the sentinel that the nodes asked ----

my $cluster = Weir::Cluster->start(nodes => 2, analyzers => \%share, redis => $redis, node => [ '--spill-min-replicas', 1 ]);
my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };
my $delivered = sub { sum0 map { metrics($_)->{weir_delivered_messages_total} } $cluster->nodes };
wait_until { $total->() >= 20_000 } 20, 'the load is on';

my $first = $redis->primary;
my $asked = $cluster->node(1)->wait_log(qr/msg="primary found" .*sentinel=127\.0\.0\.1:(\d+)/);
$first->kill_now;
$_->kill_now for grep { $_->port == $asked } $redis->sentinels;
my $killed = time;
$redis->forget($asked);
my $second = $redis->wait_other($first);
my ($found, $so_far) = (time, $delivered->());
my $now;
wait_until {
    $now = eval { $cluster->cluster } or return 0;
    return @{ $now->{nodes} } == 2 && sum0(map { $_->{delivered} } @{ $now->{analyzers} }) >= $so_far;
} 10, 'the nodes to be there, and all that was delivered meanwhile to be counted';
note(sprintf 'another primary after %.2f s, all is counted there %.2f s later', $found - $killed, time - $found);
is_deeply({ map { $_->{id} => $_->{weight} } @{ $now->{analyzers} } }, \%share, 'counters and roster are right again');
is_deeply([ grep { $_->{health} ne 'up' } @{ $now->{analyzers} } ], [], 'and all analyzers are up');
like($_->log, qr/msg="primary found" .*addr=127\.0\.0\.1:@{[ $second->port ]} .*sentinel=(?!127\.0\.0\.1:$asked )/,
    $_->name . ' says which one it is, and who told it') for $cluster->nodes;

# ---- the first comes back, empty and taking itself for the primary, until the sentinels teach it ----

$first->start or die "it does not come up\n";
sub ask ($server, @words) { return eval { $server->command(@words) } } # sentinels close what is connected to one that changes
my $calls = sub { my $calls = eval { $first->command_calls } // {}; sum0 map { $calls->{$_} // 0 } 'evalsha', 'script|load' };
is($first->command('ROLE')->[0], 'master', 'the old one comes back and takes itself for the primary');
wait_until { my $role = ask($first, 'ROLE'); $role && ($role->[3] // '') eq 'connected' } 30, 'it to be a replica';
is($calls->(), 0, 'nothing has gone to it');
is((grep { $_->{health} ne 'up' } @{ $cluster->cluster->{analyzers} }), 0, 'and nobody minds');

# ---- a change of the primary by hand: the old one lives, and takes itself for the primary for ten seconds more ----

wait_until { ask(($redis->sentinels)[0], 'SENTINEL', 'failover', Weir::Sentinels::MASTER) } 10, 'a sentinel to trust the replica';
is($redis->wait_other($second)->port, $first->port, 'the first is the primary again');
my $changed = time;
my $n_left = sub { scalar grep { /name=n\d/ } split /\n/, ask($second, 'CLIENT', 'LIST') // 'name=n0' };
wait_until { $n_left->() == 0 } 10, 'all links to leave the second';
note(sprintf 'nobody is left at the second, which says that it is %s, after %.2f s', ask($second, 'ROLE')->[0], time - $changed);
pass('all links leave the one that was');
my $before = $calls->();
wait_until { $calls->() >= $before + 50 } 10, 'calls to go to it';
$second->command('REPLICAOF', '127.0.0.1', $first->port);

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'all the while no agent saw an error');
note(sprintf '%d packets, slowest answer: %.0f ms', $report->{accepted}{packets}, $report->{latency_us}{max} / 1000);
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'and nothing is lost');
wait_until { $delivered->() == $report->{accepted}{messages} } 20, 'the nodes have counted every message';
my $forgotten = sub { $report->{accepted}{messages} - $total->($cluster->counts('delivered')) };
wait_until { $forgotten->() <= 40_000 } 20, 'Redis to have counted all but what flowed into the last seconds of a primary';
note($forgotten->() . " of $report->{accepted}{messages} messages are not in the figures any more");
cmp_ok($forgotten->(), '>=', 0, 'and none is counted twice');
like(run('weirctl', '--redis', $redis->url, 'verify')->{stdout}, qr/^accounts +ok /m, 'verify: the accounts add up');

# ---- what is in the spill ----

wait_until { @{ $first->command('ROLE')->[2] } == 1 } 20, 'the second to follow the first';
$_->end for values %{ $cluster->{analyzers} };
my $spilled = $cluster->load(count => 300, rate => 1000, connections => 50);
is($spilled->{status}, 0, 'without analyzers packets go to the spill');
$redis->primary->kill_now;
my $refused = $cluster->load(count => 100, rate => 1000, connections => 50);
is_deeply([ keys %{ $refused->{refused}{by_status} } ], [503], 'without a primary they are refused with 503');
$redis->wait_other($first);
$cluster->start_analyzer(a1 => 1);
wait_until { (eval { $redis->command(XLEN => 'weir:{default}:spill') } // 1) == 0 } 20, 'the spill to be empty';
$times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } map { @{ $_->{acked} } } $spilled, $refused ], [], 'what was acknowledged is delivered once there is one');

done_testing;
