# An analyzer that restarts twenty times, killed or told to, under load: it is held back longer and longer, and nobody
# suffers for it. In 20 s; with WEIR_LONG=1 in a minute.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max min sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

use constant { RESTARTS => 20, EVERY_S => $ENV{WEIR_LONG} ? 3 : 1 };

alarm RESTARTS * EVERY_S * 5 + 300;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => \%share);
my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };
my $a1 = sub { (grep { $_->{id} eq 'a1' } @{ $cluster->cluster->{analyzers} })[0] // {} };
wait_until { $total->() >= 20_000 } 20, 'the load is on';

# How long the instance after n restarts is held back, in s.
sub held_s ($n) { return $n < 3 ? 0 : min(60, 2**($n - 3)) }

my ($before, $began, $eligible_s) = ($cluster->counts, time, 0);
for my $n (1 .. RESTARTS) {
    my $start = time;
    $n % 2 ? $cluster->analyzer('a1')->kill_now : $cluster->analyzer('a1')->end;
    $cluster->start_analyzer(a1 => $share{a1})->wait_log(qr/msg=registered/);
    wait_until { time >= $start + EVERY_S } EVERY_S + 5, 'the next restart';
    $eligible_s += max(0, time - $start - held_s($n));
}
my ($after, $seconds) = ($cluster->counts, time - $began);
my %got = map { $_ => $after->{$_} - $before->{$_} } keys %share;
my $sum = sum0 values %got;
note(sprintf '%d restarts in %.1f s, eligible for %.1f s: of %d messages %s', RESTARTS, $seconds, $eligible_s, $sum,
    join ', ', map { sprintf '%s %.2f %%', $_, 100 * $got{$_} / $sum } sort keys %got);

# Catching up takes at most half of a share on top.
my $bound = 1.5 * $share{a1} * $eligible_s / $seconds;
cmp_ok($got{a1} / $sum, '<=', $bound, sprintf 'it got no more than the time that it was not held back allows: %.1f %%', 100 * $bound);
cmp_ok($got{a1}, '>', 0, 'but it did get something');
for my $id (qw(a2 a3)) {
    my $of_others = $share{$id} / (1 - $share{a1}) * ($got{a2} + $got{a3});
    my $percent_off = 100 * abs($got{$id} / $of_others - 1);
    cmp_ok($percent_off, '<=', 2, sprintf '%s is %.2f %% off its share of what went to the others', $id, $percent_off);
}

my $left_ms = $a1->()->{held_back_ms};
cmp_ok($left_ms, '>', 30_000, 'how long it is held back yet can be seen');
cmp_ok($left_ms, '<=', 60_000, 'a minute at most');
like(run('weirctl', '--redis', $cluster->redis->url, 'status')->{stdout}, qr/^a1 +active +\w+, held \d\d\.\d s +0\.5 +0\.00 % /m, 'by people too');

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'nothing is lost');
note(sprintf '%d packets acknowledged, %d recorded twice', scalar @{ $report->{acked} }, scalar grep { $_ > 1 } values %$times);
my $verify = run('weirctl', '--redis', $cluster->redis->url, 'verify', '--wait', '2s', '--json')->{json};
is_deeply([ map { $_->{check} } grep { !$_->{ok} && $_->{check} =~ /^(?:delivered|accounts|credit)$/ } @{ $verify->{checks} } ], [],
    'and everything adds up');

done_testing;
