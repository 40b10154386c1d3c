# An analyzer may simulate a failure of a kind of its own: the page shows it, changes the analyzer, and takes the failure back.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 });
my $page = Weir::Browser->page;
$page->open($cluster->node(1)->{admin} . '/');
$page->wait_text('#connection', qr/^live$/);

my $dialog = 'dialog[data-control=a1]';
sub fault ($pattern) { return $page->wait_text('tr[data-analyzer=a1] [data-field=fault]', $pattern, 20) }
sub chosen () { return $page->value(q{[...document.querySelectorAll('input[name=fault]')].filter((radio) => radio.checked).map((radio) => radio.value).join()}) }

for my $fault ('flaky', 'x y]', 'slow"') {
    $cluster->patch(a1 => { fault => $fault });
    fault(qr/simulates \Q$fault\E/);
    $page->click('tr[data-analyzer=a1] [data-action=change]');
    like($page->wait_text("$dialog [data-field=control-now]", qr/weight/), qr/, simulates \Q$fault\E,/, "the dialog opens, and says that it simulates $fault");
    is(chosen(), '', 'which is none of the kinds that it offers');
    $page->click("$dialog [data-action=set-fault]");
    $page->wait_text("$dialog [role=alert]", qr/^Choose /);
    pass('so one has to be chosen');
    $page->click("$dialog input[value=off]");
    $page->click("$dialog [data-action=set-fault]");
    $page->wait_text('.toast[data-kind=done]', qr/a1: simulates no failure/);
    fault(qr/^$/);
    pass('and it is taken back');
}
$cluster->patch(a1 => { fault => 'slow:250' });
fault(qr/simulates slow:250/);
$page->click('tr[data-analyzer=a1] [data-action=change]');
$page->wait_text("$dialog [data-field=control-now]", qr/simulates slow:250/);
is(chosen() . ':' . $page->value(q{document.querySelector('[data-field=fault-ms]').value}), 'slow:250', 'a kind that it offers is chosen');
for my $ms ('60001', '0.5', '') {
    for ([ 'error', 'rate', '2', qr/^The part of errors/ ], [ 'slow', 'ms', $ms, qr/^Milliseconds are a whole number from 1 to 60000\.$/ ]) {
        my ($kind, $field, $value, $says) = @$_;
        $page->click("$dialog input[value=$kind]");
        $page->fill("[data-field=fault-$field]", $value);
        $page->click("$dialog [data-action=set-fault]");
        $page->wait_text("$dialog [role=alert]", $says);
    }
    pass("no analyzer would simulate '$ms', and the dialog says so");
}
is_deeply($page->problems, [], 'the page has no complaint');
done_testing;
