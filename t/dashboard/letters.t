# Dead letters are shown, replayed and purged on the page; and whatever packets and analyzers say of themselves stays text.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
alarm 450;
my $html = '<img src=x onerror=document.title=1>';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my ($node) = $cluster->nodes;
my $forgiving = folder . '/forgiving';
my $analyzer = Weir::FakeServer->start(sub ($n, $body, $path) { return { status => ($body // '') =~ /bad/ && !-e $forgiving ? 400 : 200 } });
my $put = http(PUT => "$node->{admin}/v1/analyzers/a1", { url => $analyzer->url('/ingest'), weight => 1, ttl_ms => 60000, version => $html });
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1 /);
is(http(PATCH => "$node->{admin}/v1/analyzers/a1", { fault => $html })->{status}, 200, 'an analyzer may be asked for anything');
is(http(PUT => "$node->{admin}/v1/analyzers/" . $html =~ s/([^\w.])/sprintf '%%%02X', ord $1/ger, { url => $analyzer->url('/ingest'), weight => 1 })->{status},
    400, 'but its name has to be one');
sub send_bad ($id) { return http(POST => "http://$node->{ingest}/ingest", { id => $id, messages => [ "bad $html", 12345678901234567890 ] })->{status} }
is(send_bad($_), 202, "a packet that the analyzer refuses is taken: $_") for 'bad-1', 'bad-2', $html, 'bad-4';

my $page = Weir::Browser->page;
$page->open("$node->{admin}/");
$page->wait_text('[data-tile=dead] strong', qr/^4$/);
pass('the tile counts them');
$page->click('[data-tile=dead] button');
$page->waitForSelector('dialog li[data-entry]');
sub entries () { return $page->value('[...document.querySelectorAll("dialog li[data-entry] .id")].map((e) => e.textContent)') }
is_deeply(entries(), [ 'bad-4', $html, 'bad-2', 'bad-1' ], 'all of them are listed, the newest first');
is($page->text('dialog li[data-entry] [data-field=reason]'), 'a1: status 400', 'and who refused them, and why');
$page->click('dialog li:nth-child(2) [data-action=show]');
$page->wait_text('dialog li:nth-child(2) pre', qr/\Q"messages": [\E\s+"bad <img src=x/);
pass('what is in one is shown');
like($page->text('dialog li:nth-child(2) pre'), qr/^  12345678901234567890$/m, 'with all digits of a number');
is($page->value('document.querySelectorAll("img[src=x]").length'), 0, 'HTML in it is text');

open my $file, '>', $forgiving or die "$forgiving: $!";
$page->click('dialog li:nth-child(4) [data-action=replay]');
$page->wait_text('.toast', qr/Replayed 1/);
wait_until { @{ entries() } == 3 } 10, 'the list to be shorter';
is_deeply(entries(), [ 'bad-4', $html, 'bad-2' ], 'one is replayed, and gone from the list');
wait_until { grep { /bad-1/ } ($analyzer->bodies)[ 4 .. $#{ [ $analyzer->bodies ] } ] } 10, 'it to be delivered';
pass('and it is delivered');

$page->click('dialog li:nth-child(1) [data-action=purge]');
$page->wait_text('dialog:last-of-type h2', qr/^Purge this dead letter\?$/);
$page->click('dialog:last-of-type button:has-text("Cancel")');
wait_until { $page->value('document.querySelectorAll("dialog").length') == 1 } 20, 'the question to be gone';
is(http(GET => "$node->{admin}/v1/dead")->{json}{packets}, 3, 'to purge has to be confirmed');
$page->click('dialog li:nth-child(1) [data-action=purge]');
$page->click('[data-action=confirm]');
wait_until { @{ entries() } == 2 } 10, 'the list to be shorter';
is_deeply(entries(), [ $html, 'bad-2' ], 'confirmed, it is gone');
is_deeply([ map { $_->{id} } @{ http(GET => "$node->{admin}/v1/dead")->{json}{entries} } ], [ $html, 'bad-2' ], 'for the node too');
$page->click('[data-action=purge-all]');
$page->click('[data-action=confirm]');
$page->wait_text('dialog .empty', qr/^No dead letters\./);
$page->wait_text('[data-tile=dead] strong', qr/^0$/);
pass('all are purged, and what would bring one here is said');
$page->press('dialog', 'Escape');

$page->wait_text('tr[data-analyzer=a1] [data-field=fault]', qr/\Q$html\E/);
$page->wait_text('tr[data-analyzer=a1] [data-field=version]', qr/\Q$html\E/) if $put->{status} < 300;
$page->wait_text('#events [data-kind=fault] [data-field=text]', qr/\Q$html\E/);
is($page->value('document.querySelectorAll("img[src=x]").length + document.title'), '0Weir default', 'nothing of what an analyzer says runs');
is_deeply($page->problems, [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
