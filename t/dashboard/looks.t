# Anyone can use the dashboard: in both themes, on a phone, with a screen reader; and with nothing there it says what to do.
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
alarm 750;
my $cluster = Weir::Cluster->start(nodes => 1, node => [ '--admin-token', 'admin-77c2-c3d4e5f6' ], analyzers => {});
my ($node) = $cluster->nodes;
my %sizes = ('a desk' => [ 1280, 900 ], 'a phone' => [ 360, 740 ]);
my @pages = map { my $theme = $_; map { { name => "$theme, on $_", theme => $theme, phone => $_ eq 'a phone',
    page => Weir::Browser->page(theme => $theme, width => $sizes{$_}[0], height => $sizes{$_}[1]) } } sort keys %sizes } qw(light dark);
my $is_too_wide = 'document.documentElement.scrollWidth > innerWidth';

sub check ($what) {
    for my $look (@pages) {
        is_deeply($look->{page}->axe, [], "$look->{name}: $what: no violation that is serious or critical");
        ok(!$look->{page}->value($is_too_wide), "$look->{name}: $what: nothing is wider than the screen");
    }
}

for my $look (@pages) {
    my $page = $look->{page};
    $page->open("$node->{admin}/");
    $page->wait_text('#connection', qr/^live$/);
    is($page->value('document.documentElement.dataset.theme'), $look->{theme}, "$look->{name}: it follows the system");
}
my $page = $pages[0]{page};
like($page->wait_text('#no-analyzers', qr/./), qr/^\s*No analyzer yet\. Start one:\s+weir-analyzer --id a1 --weight 0\.5 --register \Q$node->{admin}\E/,
    'without an analyzer it says how to start one');
ok($page->is_visible('#no-analyzers') && !$page->is_visible('#analyzers'), 'in place of an empty table');
check('with nothing there');
ok(!$page->is_visible('#emitter'), 'nor is there a link to an emitter that nobody told of');

# Trouble of each kind: one is down, one is disabled, one fails, packets are dead and wait.
my $bad = Weir::FakeServer->start(sub { return { status => 400 } });
my %auth = (Authorization => 'Bearer admin-77c2-c3d4e5f6');
$cluster->start_analyzer("a$_" => 1, '--ttl', '2s') for 1 .. 3;
http(PUT => "$node->{admin}/v1/analyzers/a-name-as-long-as-hosts.in.some.cluster-have-it-0123456789", { url => $bad->url('/ingest'), weight => 0.001, ttl_ms => 60000 });
my $load = $cluster->begin_load(rate => 100, duration => 0, retries => 50);
http(PATCH => "$node->{admin}/v1/analyzers/$_->[0]", $_->[1], %auth) for [ a1 => { fault => 'down' } ], [ a2 => { state => 'disabled' } ];
http(POST => "http://$node->{ingest}/ingest", '{"id":');
$page->wait_text('tr[data-analyzer=a1] [data-field=breakers]', qr/open/, 20);
for my $look (@pages) {
    $look->{page}->wait_text('tr[data-analyzer=a2] [data-field=state]', qr/disabled/);
    $look->{page}->click('tr[data-analyzer=a1] button.more');
    $look->{page}->wait_text('tr[data-analyzer=a1] [data-field=trouble-all]', qr/open/, 20);
    $look->{page}->wait_text('#flow-summary', qr/now [\d,]+/, 20);
}
check('with trouble, and details');

# Colour is never the only sign.
is($page->text('tr[data-analyzer=a1] [data-field=health]'), '○ down', 'what is down has a shape and a word');
is($page->text('tr[data-analyzer=a2] [data-field=state]'), '⊘ disabled', 'so has what is disabled');

for my $look (@pages) {
    my $page = $look->{page};
    $page->click('tr[data-analyzer=a1] [data-action=change]');
    $page->waitForSelector('dialog[open]');
}
check('with the dialog of an analyzer');
$_->{page}->click('dialog [data-action=disabled]') for @pages;
$_->{page}->waitForSelector('[data-action=confirm]') for @pages;
check('with a question');
$_->{page}->click('[data-action=confirm]') for @pages;
$_->{page}->waitForSelector('#token') for @pages;
check('with the question for a token');
$_->{page}->press('#token', 'Escape') for @pages;
$_->{page}->wait_text('dialog [data-field=failure]', qr/\w/) for @pages;
check('with a refusal');
$_->{page}->press('dialog', 'Escape') for @pages;
$_->{page}->click('[data-tile=dead] button') for @pages;
$_->{page}->waitForSelector('dialog li[data-entry]', { timeout => 20000 }) for @pages;
check('with dead letters');
$_->{page}->press('dialog', 'Escape') for @pages;

$page->click('#theme');
is($page->value('document.documentElement.dataset.theme'), 'dark', 'a button changes the theme');
$page->reload;
$page->wait_text('#connection', qr/^live$/);
is($page->value('document.documentElement.dataset.theme'), 'dark', 'for the next time too');
$cluster->redis->stop;
$_->{page}->wait_text('#connection', qr/^stale$/, 15) for @pages;
check('stale');
is_deeply([ map { @{ $_->{page}->problems(failed => 1) } } @pages ], [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
