# A busy node asks Redis once a window, not once a packet.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

alarm 300;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => \%share);
my $redis = $cluster->redis;

my $begin = time;
$redis->command('CONFIG', 'RESETSTAT');
my $report = $cluster->load(rate => 11_000, duration => 3, messages => '1-3', bytes => 60, connections => 64);
my $calls = $redis->command_calls;
my $seconds = time - $begin;
my $packets = $report->{accepted}{packets};
is($report->{status}, 0, 'no agent sees an error');
# A window has a least length, so calls go by time. At 10000 packets/s this is 0.02 for each packet; a busy machine
# carries fewer packets in the time.
my $most = 200 * $seconds;

# All but what the test asks; a script's own commands are calls, too.
delete @$calls{ grep { /^(?:config|info)/ } keys %$calls };
my $scripts = sum0 map { $calls->{$_} // 0 } qw(evalsha eval script|load);
my $all = sum0 values %$calls;
note(sprintf '%d packets, %d script calls, %d commands of all kinds: %s', $packets, $scripts, $all,
    join ' ', map { "$_ $calls->{$_}" } sort { $calls->{$b} <=> $calls->{$a} } keys %$calls);
note(sprintf 'for each packet %.5f script calls, %.5f commands', $scripts / $packets, $all / $packets);
note(sprintf '%.1f s, %.0f packets/s', $seconds, $report->{rate}{packets_per_s});
cmp_ok($scripts, '<=', $most, 'Redis gets at most 200 calls a second');
cmp_ok($all, '<=', 1.5 * $most, 'and 300 commands, those within the scripts among them');
cmp_ok($scripts, '<', $packets / 4, 'which is far from one for each packet');

wait_until { $cluster->cluster->{totals}{packets} >= $packets } 20, 'all is settled';
cmp_ok(Weir::Cluster::worst($cluster->errors(\%share)), '<=', 40, 'and the shares are right');

done_testing;
