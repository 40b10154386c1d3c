# Whoever opens the page of the emitter can start a load, change it and stop it: in both themes, on a phone, with the keyboard.
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
alarm 300;
my $server = Weir::FakeServer->start(sub { {} });
my $binary = ($ENV{WEIR_BIN} // "$Bin/../../build/bin") . '/weir-loadgen';

sub emitter (@options) {
    my $emitter = Weir::Process->start([ $binary, '--quiet', '--control', '127.0.0.1:0', '--target', $server->url, '--messages', 3, @options ], name => 'emitter');
    return ($emitter, 'http://' . $emitter->wait_log(qr/msg=listening addr=(\S+)/));
}

my ($emitter, $url) = emitter('--rate', 20);
my %sizes = ('a desk' => [ 1280, 900 ], 'a phone' => [ 360, 740 ]);
my @looks = map { my $theme = $_; map { { name => "$theme, on $_", theme => $theme,
    page => Weir::Browser->page(theme => $theme, width => $sizes{$_}[0], height => $sizes{$_}[1]) } } sort keys %sizes } qw(light dark);
for my $look (@looks) {
    my $page = $look->{page};
    $page->open("$url/");
    $page->wait_text('#status', qr/^stopped$/);
    is($page->value('document.documentElement.dataset.theme'), $look->{theme}, "$look->{name}: it follows the system");
    is_deeply($page->axe, [], "$look->{name}: no violation that is serious or critical");
    ok(!$page->value('document.documentElement.scrollWidth > innerWidth'), "$look->{name}: nothing is wider than the screen");
}
my $page = $looks[0]{page};
is($page->value('document.getElementById("rate").value'), '20', 'the rate is shown');
$page->fill('#messages', '7');
$page->click('#generate');
$page->wait_text('[data-field=accepted]', qr/^7$/);
is(scalar(() = $server->bodies), 3, 'messages are sent at once: seven, in packets of three');
like($page->text('[data-field=p50]'), qr/\d (?:µs|ms|s)$/, 'with their latency');
$page->fill('#rate', '50');
$page->click('#start');
$page->wait_text('#status', qr/^running$/);
$page->wait_text('[data-field=sent]', qr/^\d[\d,]+/);
$looks[1]{page}->wait_text('#status', qr/^running$/);
is($looks[1]{page}->value('document.getElementById("rate").value'), '50', 'other pages see the load and its rate');
is_deeply($page->axe, [], 'no violation that is serious or critical while it runs');
$page->fill('#rate', '0');
$page->click('#set-rate');
is($page->value('document.getElementById("rate").validity.valid'), JSON::PP::false, 'a rate that cannot be is not sent');
$page->fill('#rate', '40');
$page->press('#rate', 'Enter');
$page->wait_text('#status', qr/^running$/);
wait_until { http(GET => "$url/stats")->{json}{rate} == 40 } 10, 'the rate that was entered';
$page->focus('#theme');
$page->press('#theme', 'x');
$page->wait_text('#status', qr/^stopped$/);
pass('a key stops it');
$emitter->signal('TERM');
$emitter->wait_end;
$page->wait_text('#status', qr/^not reachable$/, 20);
pass('and an emitter that has gone is not shown as if it were there');

my $cluster = Weir::Cluster->start(nodes => 1, node => [ '--emitter-url', 'http://127.0.0.1:8090/' ], analyzers => {});
my $dashboard = Weir::Browser->page;
$dashboard->open($cluster->node(1)->{admin} . '/');
$dashboard->wait_text('#connection', qr/^live$/);
is($dashboard->value('document.getElementById("emitter").href'), 'http://127.0.0.1:8090/', 'the dashboard of a node that was told of it has a link to it');
ok($dashboard->is_visible('#emitter'), 'which can be seen');

my ($guarded, $other) = emitter('--control-token', 'only-me-5a6b7c');
my $locked = Weir::Browser->page;
$locked->open("$other/");
$locked->wait_text('#status', qr/^stopped$/);
$locked->click('#start');
$locked->wait_text('#said', qr/needs the control token/);
$locked->fill('#token', 'only-me-5a6b7c');
$locked->click('#start');
$locked->wait_text('#status', qr/^running$/);
pass('where a token is asked for, the page asks for it, too');
is_deeply([ map { @{ $_->problems(failed => 1) } } $locked, map { $_->{page} } @looks ], [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
