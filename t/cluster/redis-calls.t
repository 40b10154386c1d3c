# A busy node asks Redis once a window, not once a packet.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 60;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => \%share);
my $redis = $cluster->redis;

my ($report, $calls);
for my $try (1 .. 4) { # other programs may have the processor for a while
    $redis->command('CONFIG', 'RESETSTAT');
    $report = $cluster->load(rate => 11_000, duration => 3, messages => '1-3', bytes => 60, connections => 64);
    $calls = $redis->command_calls;
    last if $report->{rate}{packets_per_s} >= 10_000;
}
my $packets = $report->{accepted}{packets};
is($report->{status}, 0, 'no agent sees an error');
cmp_ok($report->{rate}{packets_per_s}, '>=', 10_000, 'at 10000 packets/s or more');

# All but what the test asks; a script's own commands are calls, too.
delete @$calls{ grep { /^(?:config|info)/ } keys %$calls };
my $scripts = sum0 map { $calls->{$_} // 0 } qw(evalsha eval script|load);
my $all = sum0 values %$calls;
note(sprintf '%d packets, %d script calls, %d commands of all kinds: %s', $packets, $scripts, $all,
    join ' ', map { "$_ $calls->{$_}" } sort { $calls->{$b} <=> $calls->{$a} } keys %$calls);
note(sprintf 'for each packet %.5f script calls, %.5f commands', $scripts / $packets, $all / $packets);
cmp_ok($scripts / $packets, '<=', 0.02, 'Redis gets at most 0.02 calls per packet');
cmp_ok($all / $packets, '<=', 0.02, 'also when the commands within the scripts count');

wait_until { $cluster->cluster->{totals}{packets} >= $packets } 5, 'all is settled';
cmp_ok(Weir::Cluster::worst($cluster->errors(\%share)), '<=', 40, 'and the shares are right');

done_testing;
