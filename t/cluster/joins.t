# Analyzers come and go by themselves under load: a share at once, nothing after they left, no trouble for agents.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my $load = $cluster->begin_load(rate => 4000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };
wait_until { $total->() >= 20_000 } 20, 'the load is on';

# ---- one joins ----

my %share = (a1 => 0.25, a2 => 0.15, a3 => 0.1, a4 => 0.5);
my $a4 = $cluster->start_analyzer(a4 => 1.0);
$a4->wait_log(qr/msg=registered/);
my $joined = time;
my ($before, $errors, $n) = ($cluster->counts);
wait_until {
    my $now = $cluster->counts;
    return 0 if ($n = $total->($now) - $total->($before)) < 2000;
    $errors = $cluster->errors(\%share, $before);
    $before = $now;
    return Weir::Cluster::worst($errors) <= $n / 100;
} 10, 'the new analyzer has its share';
my $seconds = time - $joined;
note(sprintf '%.2f s; the last %d messages: %s', $seconds, $n, join ' ', map { sprintf '%s %+.1f', $_, $errors->{$_} } sort keys %$errors);
pass('a new analyzer has its share');

# ---- it leaves ----

is($a4->end, 0, 'SIGTERM ends it well');
like($a4->log, qr/msg=deregistered status=200/, 'and it deregisters');
ok(!exists $cluster->counts->{a4}, 'it is no member any more');
$before = $cluster->counts;
wait_until { $total->() >= $total->($before) + 20_000 } 20, '20000 messages more';
$errors = $cluster->errors({ a1 => 0.5, a2 => 0.3, a3 => 0.2 }, $before);
cmp_ok(Weir::Cluster::worst($errors), '<=', 100, 'the others have its share, by weight');

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
unlike($_->log, qr/msg="delivery failed"/, "$_->{name} sent it nothing after it left") for $cluster->nodes;
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'nothing is lost or doubled');

my %redis;
wait_until {
    %redis = map { $_ => $cluster->redis->hash("weir:{default}:$_") } qw(routed delivered processed);
    return !grep { sum0(values %$_) != $report->{accepted}{messages} } values %redis;
} 5, 'routed, delivered and processed to be what was accepted';
pass('the sums still add up');
is($redis{$_}{a4}, $redis{routed}{a4}, "what it has $_ is still on record") for qw(delivered processed);

done_testing;
