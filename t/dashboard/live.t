# The dashboard says how fresh it is: it goes on by polling, through the end of its node, and through the end of Redis.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
alarm 750;
my $cluster = Weir::Cluster->start(nodes => 2);
my $load = $cluster->begin_load(rate => 50, duration => 0, retries => 50);
my $url = $cluster->node(1)->{admin} . '/';
my $page = Weir::Browser->page;
$page->open($url);
$page->wait_text('#connection', qr/^live$/);
ok(!$page->is_visible('#banner'), 'by the stream it is live, and nothing is to be said');
sub total ($page) { return $page->text('[data-tile=messages-per-s] li:last-child') }
sub moves ($page, $title) {
    my $before = total($page);
    wait_until { total($page) ne $before } 10, 'new figures';
    pass($title);
}
moves($page, 'its figures move');

# Its node ends, and comes back at the same place.
my $old = $cluster->node(1);
$old->kill_now;
$page->wait_text('#connection', qr/^stale$/, 10);
like($page->wait_text('#banner', qr/^Stale: /), qr/cannot be reached|has ended|does not answer|did not answer/, 'without its node it says that it is stale, and why');
like($page->text('[data-field=stale-for]'), qr/^These figures are [\d.]+ m?s old\.$/, 'and for how long');
is($page->value('document.getElementById("figures").hasAttribute("data-stale")'), JSON::PP::true, 'the figures look like it');
$cluster->start_node('n1', '--listen', $old->{ingest}, '--admin-listen', $old->{admin} =~ s{^http://}{}r);
splice @{ $cluster->{nodes} }, 0, 1, pop @{ $cluster->{nodes} };
$page->wait_text('#connection', qr/^live$/, 15);
ok(!$page->is_visible('#banner'), 'when its node is back the page is live again, by itself');
moves($page, 'and its figures move');

# Redis is away.
$cluster->redis->stop;
$page->wait_text('#connection', qr/^stale$/, 15);
like($page->text('#banner'), qr/^Stale: the node has no Redis/, 'without Redis it says so');
is($page->text('[data-tile=redis] strong'), '▲ away', 'in the tile of Redis too');
is($page->value('document.querySelectorAll("tr[data-analyzer]").length'), 3, 'and shows what was last seen');
$cluster->redis->start;
$page->wait_text('#connection', qr/^live$/, 20);
$page->wait_text('[data-tile=redis] strong', qr/^up$/);
wait_until { $page->value('document.querySelectorAll("tr[data-analyzer]").length') == 3 } 20, 'the analyzers to be back';
pass('it goes on when Redis is back');

# Streams are refused.
my $poller = Weir::Browser->page;
$poller->answer('**/v1/events', 'text/event-stream', 503);
$poller->open($url);
$poller->wait_text('#connection', qr/^live, by polling$/, 15);
pass('where streams are refused, it polls');
moves($poller, 'and its figures move');
ok((grep { $_ eq 'GET /v1/overview' } @{ $poller->asked }) > 1, 'by asking again and again');
is($poller->value('document.querySelectorAll("#events li").length > 0'), JSON::PP::true, 'events come too');

$load->signal('TERM');
$load->wait_end;
is_deeply([ map { @{ $_->problems(failed => 1) } } $page, $poller ], [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
