# A weight is changed on the page, with a token that is asked for once, and what is routed next has the new shares.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
alarm 750;
my $token = 'admin-77c2-c3d4e5f6';
my $cluster = Weir::Cluster->start(nodes => 2, node => [ '--admin-token', $token ], analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my $page = Weir::Browser->page;
$page->open($cluster->node(1)->{admin} . '/');
$page->wait_text('#connection', qr/^live$/);
my $load = $cluster->begin_load(rate => 200, duration => 0);

sub messages () {
    return { map { $_ => http(GET => 'http://' . $cluster->analyzer($_)->{addr} . '/stats')->{json}{messages} } qw(a1 a2 a3) };
}

# What the analyzers counted from now on is within 2 % of these shares.
sub follows ($title, %shares) {
    wait_until { !grep { abs($_->{share} - $shares{ $_->{id} }) > 1e-4 } @{ $cluster->cluster->{analyzers} } } 10, 'the registry to know of it';
    my $before = messages;
    my (%got, $total);
    wait_until { my $now = messages; %got = map { $_ => $now->{$_} - $before->{$_} } keys %$now; ($total = sum0 values %got) > 4000 } 20, 'messages';
    my @wrong = grep { abs($got{$_} / $total - $shares{$_}) > 0.02 } sort keys %shares;
    ok(!@wrong, $title) or diag explain { got => \%got, shares => \%shares };
}

sub change ($id) {
    $page->click(qq(tr[data-analyzer="$id"] [data-action=change]));
    $page->waitForSelector(qq(dialog[data-control="$id"]));
}

follows('before, the shares are those of the weights', a1 => 0.5, a2 => 0.3, a3 => 0.2);
change('a1');
$page->fill('[data-field=weight-number]', '2');
is($page->text('li[data-preview=a1] [data-field=then]') . $page->text('li[data-preview=a2] [data-field=then]'), '80.00 %12.00 %',
    'the shares that would result are shown before');
is($page->value('document.querySelector("[data-field=weight-slider]").value'), '2', 'the slider follows the number');
$page->press('[data-field=weight-slider]', 'Home');
is($page->value('document.querySelector("[data-field=weight-number]").value'), '0', 'and the number the slider');
$page->fill('[data-field=weight-number]', '2');
$page->click('[data-action=set-weight]');
$page->waitForSelector('#token');
pass('a token is asked for');
$page->fill('#token', 'wrong');
$page->press('#token', 'Enter');
$page->wait_text('dialog:last-of-type [data-field=failure]', qr/\w/);
pass('a wrong one is refused, and it is asked for again');
$page->fill('#token', $token);
$page->press('#token', 'Enter');
$page->wait_text('.toast[data-kind=done]', qr/^.a1: .*2/);
pass('the result is said');
follows('what is routed next has the shares of the new weight', a1 => 0.8, a2 => 0.12, a3 => 0.08);
$page->wait_text('tr[data-analyzer=a1] [data-field=weight]', qr/^2$/);
$page->wait_text('#events [data-kind=weight] [data-field=text]', qr/^a1: weight 0\.5 -> 2 \(by /);
pass('the event is listed');
wait_until { abs($page->number('a1', 'actual-10s') - 80) < 3 } 25, 'the bar to follow';
pass('and the bar follows');

# By the keyboard alone: Tab to the button of a2, Enter, the number, Enter.
$page->value('document.activeElement.blur()');
sub focused () { return $page->value('(document.activeElement.dataset.action ?? "") + " " + (document.activeElement.closest("tr")?.dataset.analyzer ?? "")') }
my $tabs = 0;
$page->ask('keyboardPress', 'Tab') until focused() eq 'change a2' || ++$tabs > 60;
cmp_ok($tabs, '<=', 60, 'Tab reaches the button of an analyzer');
ok($page->value('getComputedStyle(document.activeElement).outlineStyle !== "none"'), 'and shows where it is');
$page->ask('keyboardPress', 'Enter');
$page->waitForSelector('dialog[data-control=a2]');
is($page->value('document.activeElement.dataset.field'), 'weight-number', 'Enter opens the dialog, at the weight');
$page->ask('keyboardPress', $_) for 'Control+A', '7', '.', '5', 'Enter';
$page->wait_text('tr[data-analyzer=a2] [data-field=weight]', qr/^7\.5$/);
wait_until { $page->value('document.querySelectorAll("dialog").length') == 0 } 20, 'the dialog to go, and no other to come';
pass('no token is asked for again');
wait_until { focused() eq 'change a2' } 20, 'the focus to be where it was';
follows('the shares are those of the new weight', a1 => 2 / 9.7, a2 => 7.5 / 9.7, a3 => 0.2 / 9.7);

# Another operator was faster.
change('a3');
http(PATCH => $cluster->node(2)->{admin} . '/v1/analyzers/a3', { weight => 3 }, Authorization => "Bearer $token");
wait_until { $page->field('a3', 'weight') eq '3' } 20, 'the page to know of it';
$page->fill('[data-field=weight-number]', '0.1');
$page->click('[data-action=set-weight]');
$page->wait_text('dialog [data-field=failure]', qr/changed a3 meanwhile, so nothing was done/);
is($page->value('document.querySelector("[data-field=weight-number]").value'), '3', 'who changes what somebody else changed meanwhile is told, and sees what holds');
is((grep { $_->{id} eq 'a3' } @{ $cluster->cluster->{analyzers} })[0]{weight}, 3, 'and has changed nothing');
$page->fill('[data-field=weight-number]', '1');
$page->click('[data-action=set-weight]');
$page->wait_text('tr[data-analyzer=a3] [data-field=weight]', qr/^1$/);
pass('another try does it');

# What died is removed, once that was confirmed.
$cluster->start_analyzer(a4 => 0);
$page->wait_text('tr[data-analyzer=a4] [data-field=weight]', qr/^0$/);
$cluster->analyzer('a4')->kill_now;
$page->click('tr[data-analyzer="a4"] [data-action=change]');
$page->click('[data-action=remove]');
$page->wait_text('dialog [data-action=confirm]', qr/Remove it/);
ok((grep { $_->{id} eq 'a4' } @{ $cluster->cluster->{analyzers} }), 'before that nothing happens');
$page->click('[data-action=confirm]');
wait_until { !grep { $_->{id} eq 'a4' } @{ $cluster->cluster->{analyzers} } } 10, 'a4 to be removed';
pass('an analyzer that died is removed');

$load->signal('TERM');
is($cluster->finish_load($load)->{status}, 0, 'no agent sees an error');
is_deeply($page->problems(failed => 1), [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
