# The metrics of node and analyzer are what Prometheus itself calls good ones, and what a strict reader of OpenMetrics takes.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

plan skip_all => 'promtool is not installed' if !grep { -x "$_/promtool" } split /:/, $ENV{PATH};
alarm 300;
my $import = 'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 });
is($cluster->load(rate => 500, duration => 1)->{status}, 0, 'it has something to count');
for my $url (map { "$_/metrics" } $cluster->node(1)->{admin}, 'http://' . $cluster->analyzer('a1')->{addr}) {
    open my $promtool, '|-', 'promtool check metrics >' . folder . '/said 2>&1' or die "promtool: $!";
    print $promtool http(GET => $url)->{content};
    ok(close $promtool, 'promtool has nothing to say') or diag(slurp(folder . '/said'));
    is(slurp(folder . '/said'), '', 'not even an advice');

    my $open = http(GET => $url, undef, Accept => 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5');
    is($open->{headers}{'content-type'}, 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'who asks for OpenMetrics gets it');
  SKIP: {
        skip 'python3-prometheus-client is not installed', 1 if system('/usr/bin/python3', '-c', $import);
        open my $parser, '|-', '/usr/bin/python3', '-c', "$import; list(parse(sys.stdin.read()))" or die "python3: $!";
        print $parser $open->{content};
        ok(close $parser, 'a strict parser finds no fault with it');
    }
}
done_testing;
