# What malloc kept for large packets is the kernel's again once there are none.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 200;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--workers', 1, '--log-level', 'debug' ]);
my $node = $cluster->node(1);
$cluster->start_analyzer(a1 => 1, '--delay-ms', 500); # so that many packets are in the node at once
$cluster->wait_known('a1');
my $report = $cluster->load(rate => 40, duration => 1, messages => 10, bytes => 80_000);
is($report->{status}, 0, 'large packets are taken');
$node->wait_log(qr/(msg="idle memory given back")/, 60);
my ($before, $now) = $node->log =~ /msg="idle memory given back" .*?before=(\d+) now=(\d+)/;
note("$before bytes, then $now");
cmp_ok($now, '<', $before, 'ten seconds later, what was kept for them is given back');
done_testing;
