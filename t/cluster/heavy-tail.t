# Packets of very different sizes: the shares hold at every moment, not only in the end.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 4, analyzers => \%share);
my $load = $cluster->begin_load(rate => 2500, count => 25_000, messages => 'pareto:1.1:1000', bytes => 60);

my ($n_looks, $worst) = (0, 0);
wait_until { $cluster->cluster->{totals}{packets} >= 5000 } 30, 'the first 5000 packets';
wait_until {
    $worst = max($worst, Weir::Cluster::worst($cluster->errors(\%share)));
    $n_looks++;
    $load->has_ended;
} 60, 'the load to end';
my $report = $cluster->finish_load($load);
note(sprintf '%d looks, %d messages, worst %.1f messages off', $n_looks, $report->{sent}{messages}, $worst);

is($report->{status}, 0, 'no agent sees an error');
cmp_ok($n_looks, '>', 5, 'the cluster was watched meanwhile');
cmp_ok($worst, '<=', 2000, 'no analyzer was ever further than 2000 messages from its share');

wait_until { $cluster->cluster->{totals}{packets} == 25_000 } 20, 'all deliveries are counted';
cmp_ok(Weir::Cluster::worst($cluster->errors(\%share)), '<=', 2000, 'nor in the end');
is($cluster->cluster->{totals}{messages}, $report->{sent}{messages}, 'every message was delivered');

done_testing;
