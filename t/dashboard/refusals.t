# The page shows which agents are refused and what to change, and when a drained analyzer may be stopped.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 });
my $node = $cluster->node(1);
my $page = Weir::Browser->page;
$page->open("$node->{admin}/");
$page->wait_text('#connection', qr/^live$/);
ok(!$page->is_visible('#refusals-panel'), 'while nobody is refused there is no table');
http(POST => "http://$node->{ingest}/services/collector/nowhere", '{"messages":[1]}', 'Content-Type' => 'application/json') for 1 .. 2;
$page->wait_text('#refusals tbody', qr{POST /services/collector/nowhere.*127\.0\.0\.1.*404 not_found.*/ingest}s, 20);
ok($page->is_visible('#refusals-panel'), 'then there is one, with what to change');
$cluster->patch(a2 => { state => 'draining' });
$page->wait_text('tr[data-analyzer="a2"]', qr/drained: may be stopped/, 20);
pass('a drained analyzer may be stopped');
is_deeply($page->problems, [], 'the page has no complaint');
done_testing;
