# The dashboard shows 200 analyzers and 50 nodes; how fast, bench/page and bench/dashboards measure.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

alarm 750;
my $bench = "$Bin/../../bench";
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my ($node) = $cluster->nodes;
my $sink = Weir::Process->start(['weir-bench-sink']);
my $crowd = Weir::Process->start([ "$bench/crowd", '--redis-port', $cluster->redis->port, '--admin', $node->{admin},
    '--to', $sink->wait_log(qr/addr=(\S+)/) ], name => 'crowd');
$crowd->wait_log(qr/^(ready)/m, 60);
my $load = $cluster->begin_load(rate => 500, duration => 0);

my $page = Weir::Browser->page;
$page->open("$node->{admin}/");
$page->wait_text('#analyzers-title [data-field=analyzer-count]', qr/^200$/);
$page->wait_text('#nodes-title [data-field=node-count]', qr/^50$/);
is($page->value('document.querySelectorAll("tr[data-analyzer]").length') . ' ' . $page->value('document.querySelectorAll("tr[data-node]").length'), '200 50',
    'all analyzers and nodes are there');
ok(!$page->value('document.documentElement.scrollWidth > innerWidth'), 'and nothing is wider than the screen');
# Twice: the page has drawn all of it anew by then.
for (1 .. 2) {
    my $age = $page->value('performance.getEntriesByName("weir-update").length');
    wait_until { $page->value('performance.getEntriesByName("weir-update").length') > $age } 30, 'an update';
}
pass('and it is kept up to date');

$page->fill('#filter', 'c007');
wait_until { $page->value('document.querySelectorAll("tr[data-analyzer]").length') == 1 } 20, 'the filter';
pass('one of them is found by the filter');
is_deeply($page->problems, [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
$page->goto('about:blank');

# Ten of them get their figures; bench/dashboards measures what that costs.
my $streams = Weir::Process->start([ $^X, "$bench/lib/streams.pl", $node->{admin}, 10 ], name => 'streams');
$streams->wait_log(qr/^(open 10)/m, 60);
$streams->end;
pass('ten dashboards get their figures');
$load->signal('TERM');
is($cluster->finish_load($load)->{status}, 0, 'no agent sees an error');
done_testing;
