# The dashboard shows the past, one analyzer or one node, in the order and the clock that were chosen; and a link shows the same to others.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
alarm 600;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my $load = $cluster->begin_load(rate => 100, duration => 0, retries => 50);
my $page = Weir::Browser->page(width => 1000, height => 900);
my $url = $cluster->node(1)->{admin} . '/';
$page->open($url);
$page->wait_text('#connection', qr/^live$/);
$page->wait_text('#flow-summary', qr/^Since .* now \d/, 20);
sub ids ($what = 'analyzer') { return $page->value(qq([...document.querySelectorAll("tr[data-$what]")].map((e) => e.dataset.$what))) }
sub choose ($set) { $page->click(qq([data-set="$set"])); return $page->value(qq(document.querySelector('[data-set="$set"]').ariaPressed)) }
sub query () { return $page->value('location.search') }
sub height ($row) { return $page->value(qq(document.querySelector("$row").getBoundingClientRect().height)) }

# ---- at 1000 pixels rows are rows ----

is($page->value('getComputedStyle(document.querySelector(".analyzers thead")).position'), 'static', 'at 1000 pixels the tables are tables');
ok(!$page->value('document.documentElement.scrollWidth > innerWidth'), 'and nothing is wider than the screen');
is(choose('rows=dense'), 'true', 'rows may be dense');
wait_until { height('tr[data-analyzer=a1]') == 28 && height('tr[data-node=n1]') == 28 } 20, 'rows of 28 pixels';
pass('then each is 28 pixels high');
is_deeply($page->axe, [], 'without a violation');

# ---- order ----

$page->click('[data-sort=share]');
wait_until { "@{ ids() }" eq 'a1 a2 a3' } 20, 'the largest share first';
$page->click('[data-sort=share]');
wait_until { "@{ ids() }" eq 'a3 a2 a1' } 20, 'the smallest share first';
is($page->value('document.querySelector("[data-sort=share]").parentNode.ariaSort'), 'ascending', 'the head of a column orders the rows, both ways, and says so');
$page->click('#nodes [data-sort=id]');
$page->click('#nodes [data-sort=id]');
wait_until { "@{ ids('node') }" eq 'n2 n1' } 20, 'the nodes to be turned round';
pass('nodes too');

# ---- windows, ranges, charts, clocks ----

is(choose('window=all'), 'true', 'the bar has a window');
$page->wait_text('tr[data-analyzer=a1] [data-field=actual-all]', qr/%/);
like($page->text('[data-field=scale]'), qr/^a full bar is \d+ % of the messages, since start$/, 'and says its scale');
is(choose('range=1h'), 'true', 'an hour can be chosen');
wait_until { grep { $_ eq 'GET /v1/history' } @{ $page->asked } } 20, 'the history to be asked';
is(choose('chart=latency'), 'true', 'and the latency');
$page->wait_text('#flow-title', qr/99 of 100/);
$page->wait_text('#flow-summary', qr/^Since .*: at worst a\d /, 20);
pass('which is shown of each analyzer');
is(choose('chart=errors'), 'true', 'and the errors');
$page->wait_text('#flow-summary', qr/%/, 10);
is(choose('time=utc'), 'true', 'times are UTC if that was chosen');
like($page->value('document.querySelector("#events time").title'), qr/ UTC$/, 'in events too');
is(query(), '?range=1h&chart=errors&window=all&rows=dense&time=utc&sort=-share&nodes=-id', 'all of it is in the URL') or diag query();

# ---- a link shows the same to somebody else ----

my $other = Weir::Browser->page(width => 1440, height => 900);
$other->open($url . query());
$other->wait_text('#connection', qr/^live$/);
is($other->value('[...document.querySelectorAll("button[aria-pressed=true]")].map((b) => b.dataset.set).join(" ")'),
    'time=utc chart=errors range=1h window=all rows=dense', 'which shows the same to others');
wait_until { $other->value('[...document.querySelectorAll("tr[data-analyzer]")].map((e) => e.dataset.analyzer).join(" ")') eq 'a3 a2 a1' } 20, 'its order';

# ---- one analyzer, one node ----

$cluster->patch('a2', { weight => 0.4 });
$page->wait_text('#events [data-kind=weight]', qr/a2/);
$page->click('tr[data-analyzer=a2] [data-field=id]');
$page->wait_text('#subject-title', qr/^Analyzer a2$/);
like(query(), qr/&analyzer=a2$/, 'an analyzer has a page of its own');
like($page->text('#subject [data-field=url]'), qr{^http://}, 'with its configuration');
# A busy machine may make it slow, and open its breaker.
is($page->value('[...document.querySelectorAll("#events li")].filter((e) => !e.hidden && !/^(breaker|slow)$/.test(e.dataset.kind)).map((e) => e.dataset.kind).join(" ")'),
    'weight joined', 'its events');
$page->wait_text('#flow-legend', qr/^a2\b/);
ok(!$page->is_visible('#analyzers'), 'its chart, and nothing of the others');
is_deeply($page->axe, [], 'without a violation');
$page->goBack;
wait_until { $page->is_visible('#analyzers') } 20, 'the whole pool again';
pass('Back goes back');
$page->click('tr[data-node=n1] [data-field=id]');
$page->wait_text('#subject-title', qr/^Node n1$/);
$page->wait_text('#subject [data-field=lanes]', qr/a1: \d+ queued/, 10);
$page->wait_text('#subject [data-field=node-breakers]', qr/^all are closed$/);
pass('a node has one with its lanes and breakers');
$page->click('#subject [data-field=config] summary');
$page->wait_text('#subject [data-option=node-id]', qr/n1.*--node-id/s);
$page->wait_text('#subject [data-option=redis]', qr/\*{8}.*--redis/s);
is_deeply($page->axe, [], 'its configuration is a table that opens, with secrets masked, and without a violation');
$other->open("$url?node=n2");
$other->wait_text('#subject [data-field=config]', qr/ask node n2 at its own admin port/);
ok(!$other->is_visible('#subject summary'), 'of another node the page says whom to ask');
$other->open("$url?analyzer=nobody");
$other->wait_text('#subject-gone', qr/not in the pool now/);
pass('and one that is gone is said to be gone');

$page->click('[data-field=whole]');
$page->emulateMedia({ media => 'print' });
ok($page->is_visible('tr[data-analyzer=a3]') && !$page->is_visible('#theme'), 'on paper there are rows, and no buttons');
$load->signal('TERM');
$load->wait_end;
is_deeply([ map { @{ $_->problems } } $page, $other ], [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
