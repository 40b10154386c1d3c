# The metrics of a node are what Prometheus itself calls good ones.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

plan skip_all => 'promtool is not installed' if !grep { -x "$_/promtool" } split /:/, $ENV{PATH};
alarm 60;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 });
is($cluster->load(rate => 500, duration => 1)->{status}, 0, 'it has something to count');
for my $url (map { "$_/metrics" } $cluster->node(1)->{admin}, 'http://' . $cluster->analyzer('a1')->{addr}) {
    open my $promtool, '|-', 'promtool check metrics >' . folder . '/said 2>&1' or die "promtool: $!";
    print $promtool http(GET => $url)->{content};
    ok(close $promtool, 'promtool has nothing to say') or diag(slurp(folder . '/said'));
    is(slurp(folder . '/said'), '', 'not even an advice');
}
done_testing;
