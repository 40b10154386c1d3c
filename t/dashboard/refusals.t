# The page shows which agents are refused and what to change, and when a drained analyzer may be stopped.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my %token = (web => 'web-9e07-1b22-aa-20', shop => 'shop-54d1-0e7a6c-31');
my $path = folder . '/tokens';
open my $file, '>', $path or die "$path: $!";
print $file map { "$_ $token{$_}\n" } sort keys %token;
close $file or die "$path: $!";
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 }, node => [ '--ingest-tokens-file', $path ]);
my $node = $cluster->node(1);
my $page = Weir::Browser->page;
$page->open("$node->{admin}/");
$page->wait_text('#connection', qr/^live$/);
ok(!$page->is_visible('#refusals-panel'), 'while nobody is refused there is no table');
http(POST => "http://$node->{ingest}/services/collector/nowhere", '{"messages":[1]}', 'Content-Type' => 'application/json') for 1 .. 2;
$page->wait_text('#refusals tbody', qr{POST /services/collector/nowhere.*127\.0\.0\.1.*404 not_found.*/ingest}s, 20);
ok($page->is_visible('#refusals-panel'), 'then there is one, with what to change');
http(POST => "http://$node->{ingest}/ingest", '[]', 'Content-Type' => 'application/json', Authorization => "Bearer $token{$_}") for qw(web shop shop);
$page->wait_text('#refusals tbody', qr/with token web/, 20);
$page->wait_text('#refusals tbody', qr/with token shop/);
is($page->value(q{[...document.querySelectorAll('[data-refusal]')].map((row) => [row.querySelector('[data-field=client]').textContent, row.querySelector('[data-field=count]').textContent]).filter(([client]) => client.includes('token')).sort().join('; ')}),
    '127.0.0.1 with token shop,2; 127.0.0.1 with token web,1', 'two tokens at one address have a row each, which names them');
$cluster->patch(a2 => { state => 'draining' });
$page->wait_text('tr[data-analyzer="a2"]', qr/drained: may be stopped/, 20);
pass('a drained analyzer may be stopped');
is_deeply($page->problems, [], 'the page has no complaint');
done_testing;
