# All analyzers are gone for a while: agents notice nothing, and once they are back what has waited
# drains, by weight, beside what still comes. WEIR_LONG=1: gone for 30 s.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

my $gone_s = $ENV{WEIR_LONG} ? 30 : 8;
my $rate = 1000;
alarm 450 + 15 * $gone_s;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
# A busy machine is not what this is about: Redis may take its time.
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => \%share, node => [ '--redis-timeout', '1s' ]);
my $n_spilled = sub { $cluster->redis->command(XLEN => 'weir:{default}:spill') };
my $n_not_closed = sub {
    sum0 map { my $m = metrics($_); map { $m->{$_} } grep { /^weir_breaker_workers\{.*state="(?:half_)?open"/ } keys %$m } $cluster->nodes;
};
my $sum = sub ($metric) { sum0 map { metrics($_)->{$metric} // 0 } $cluster->nodes };

my $load = $cluster->begin_load(rate => $rate, messages => '1-9', duration => 0, connections => 300);
wait_until { $sum->('weir_delivered_packets_total') >= $rate } 20, 'the load is on';

# ---- gone ----

$cluster->analyzer($_)->kill_now for keys %share;
my $gone = time;
wait_until { time >= $gone + $gone_s } $gone_s + 1, 'they are gone for a while';
my $waiting = wait_until { my $n = $n_spilled->(); $n >= 0.7 * $rate * $gone_s && $n } 60, 'what comes meanwhile to be in the spill';
pass("what comes meanwhile waits in the spill: $waiting packets");
my ($kept) = run('weirctl', '--redis', $cluster->redis->url, 'status', '--json')->{json}{spill}{packets};
cmp_ok($kept, '>=', $waiting, 'and the status says so');

# ---- back ----

my $back = time;
$cluster->start_analyzer($_, $share{$_}, '--delay-ms', 100) for sort keys %share;
wait_until { $n_spilled->() < $waiting } 20, 'the spill to drain';
my $first = time - $back;
# The first one that is back rightly gets all until the others are.
wait_until { $n_not_closed->() == 0 && !grep { $_->{health} ne 'up' } @{ $cluster->cluster->{analyzers} } } 10,
    'all to be in reach';
my $before = $cluster->counts;
my $live = $cluster->begin_load(rate => 200, duration => 0, connections => 50);
wait_until { $n_spilled->() == 0 } $gone_s + 30, 'the spill to be empty';
my $drained = time - $back;
pass('it drains');
my $now = $cluster->counts;
my $n = sum0(values %$now) - sum0(values %$before);
my $errors = $cluster->errors(\%share, $before);
cmp_ok(100 * Weir::Cluster::worst($errors) / $n, '<=', 0.5, 'by weight');
note(sprintf '%d packets waited; the first left after %.1f s, the last after %.1f s (%.0f packets/s); of %d messages meanwhile: %s',
    $waiting, $first, $drained, $sum->('weir_spill_taken_packets_total') / $drained, $n,
    join ', ', map { sprintf '%s %+.3f %%', $_, 100 * $errors->{$_} / $n } sort keys %$errors);
$live->signal('INT');
my $fresh = $cluster->finish_load($live);
is($fresh->{status}, 0, 'what comes while it drains is accepted');
note(sprintf 'its latency, of which the analyzers make 100 ms: p50 %.1f ms, p99 %.1f ms, worst %.1f ms', map { $fresh->{latency_us}{$_} / 1000 } qw(p50 p99 max));
cmp_ok($fresh->{latency_us}{p50} / 1e6, '<', $drained / 2, 'and does not wait until what was before it has drained');

# ---- the accounts ----

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent has seen an error');
note(sprintf '%d packets, all of them answered 202; slowest answer %.0f ms', $report->{accepted}{packets}, $report->{latency_us}{max} / 1000);
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} }, @{ $fresh->{acked} } ], [], 'nothing is lost');
note(sprintf '%d were delivered more than once', scalar grep { $_ > 1 } values %$times);
wait_until { $sum->('weir_in_flight_packets') == 0 } 20, 'nothing to be under way';
is($sum->('weir_unaccounted_packets'), 0, 'every node knows what became of every packet');
is($sum->('weir_spill_taken_packets_total'), sum0(map { $sum->("weir_spilled_packets_total{reason=\"$_\"}") } qw(no_analyzer failed returned ack_within)), 'what went into the spill has left it');
is($sum->('weir_spill_held_packets'), 0, 'and nobody holds on to any of it');
my $verify = run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout};
note($verify);
like($verify, qr/^$_ +ok /m, "verify: the $_ add up") for qw(delivered accounts credit);

done_testing;
