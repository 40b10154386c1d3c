# A simulated failure is found out by the nodes, and seen: the breaker opens, the others get the share, and it ends when it is cleared.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
alarm 1000;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {});
$cluster->start_analyzer("a$_" => 1, '--ttl', '2s') for 1 .. 3;
$cluster->wait_known(qw(a1 a2 a3));
my $page = Weir::Browser->page;
$page->open($cluster->node(1)->{admin} . '/');
$page->wait_text('#connection', qr/^live$/);
my $load = $cluster->begin_load(rate => 200, duration => 0, retries => 20);

sub messages ($id) { return http(GET => 'http://' . $cluster->analyzer($id)->{addr} . '/stats')->{json}{messages} }

# Its part of the messages that all of them count from now on.
sub part_of ($id) {
    my %before = map { $_ => messages($_) } qw(a1 a2 a3);
    my (%got, $total);
    wait_until { %got = map { $_ => messages($_) - $before{$_} } qw(a1 a2 a3); ($total = $got{a1} + $got{a2} + $got{a3}) > 3000 } 20, 'messages';
    return $got{$id} / $total;
}

sub change (@clicks) {
    $page->click('tr[data-analyzer=a2] [data-action=change]');
    $page->click("dialog[data-control=a2] $_") for @clicks;
}

sub confirm ($pattern) {
    $page->wait_text('dialog:last-of-type h2', $pattern);
    is($page->value('document.activeElement.textContent'), 'Cancel', 'it has to be confirmed, and the harmless answer comes first');
    $page->click('[data-action=confirm]');
}

sub breakers ($pattern, $seconds) { return $page->wait_text('tr[data-analyzer=a2] [data-field=breakers]', $pattern, $seconds) }
sub recovers ($what) {
    breakers(qr/^● closed on 2$/, 30);
    pass("$what, its breaker closes on both nodes");
    $page->wait_text('tr[data-analyzer=a2] [data-field=share]', qr/^33\.33 %/, 20);
    cmp_ok(abs(part_of('a2') - 1 / 3), '<', 0.02, 'and it gets its share again');
}

breakers(qr/^● closed on 2$/, 10);
change('input[value=down]', '[data-action=set-fault]');
confirm(qr/^Simulate that a2 is down\?$/);
$page->wait_text('.toast[data-kind=done]', qr/a2: simulates down/);
pass('a failure is simulated from the page');
$page->wait_text('tr[data-analyzer=a2] [data-field=fault]', qr/simulates down/);
breakers(qr/^▲ open on \d/, 20);
pass('its breaker is seen opening, as nodes find out by themselves');
like($page->wait_text('tr[data-analyzer=a2] [data-field=trouble]', qr/open/), qr{n\d/0: (?:open, [\d.]+ s left|half-open)}, 'for how long is said');
$page->wait_text('#events [data-kind=fault] [data-field=text]', qr/a2/);
$page->wait_text('#events [data-kind=breaker] [data-field=text]', qr/a2/);
$page->wait_text('#attention', qr/a2 (?:is out of reach|fails|fails and recovers)/);
pass('what is wrong is said in words, and listed');
$page->wait_text('tr[data-analyzer=a2] [data-field=share]', qr/^0\.00 %/, 20);
$page->wait_text('tr[data-analyzer=a1] [data-field=share]', qr/^50\.00 %/);
is(part_of('a2'), 0, 'its share goes to the others');
change('input[value=off]', '[data-action=set-fault]');
recovers('once it is cleared');

change('[data-action=disabled]');
confirm(qr/^Disable a2\?$/) if $page->value('document.querySelectorAll("dialog").length') > 1;
$page->wait_text('tr[data-analyzer=a2] [data-field=state]', qr/disabled/);
$page->wait_text('tr[data-analyzer=a2] [data-field=share]', qr/^0\.00 %/);
wait_until { part_of('a2') == 0 } 10, 'nothing to be routed to it';
pass('a disabled analyzer gets nothing');
change('[data-action=active]');
$page->wait_text('tr[data-analyzer=a2] [data-field=share]', qr/^33\.33 %/);
cmp_ok(abs(part_of('a2') - 1 / 3), '<', 0.02, 'enabled it has its share again');

change('input[value=slow]');
$page->fill('[data-field=fault-ms]', '300');
$page->click('[data-action=set-fault]');
$page->wait_text('tr[data-analyzer=a2] [data-field=fault]', qr/simulates slow:300/);
wait_until { ($page->number('a2', 'p50') // 0) >= 300 } 30, 'the latency to be seen';
pass('a latency that is simulated is seen in its p50');
change('input[value=off]', '[data-action=set-fault]');
$page->wait_text('tr[data-analyzer=a2] [data-field=fault]', qr/^$/);

$cluster->analyzer('a3')->kill_now;
$page->wait_text('tr[data-analyzer=a3] [data-field=health]', qr/down/, 20);
$page->wait_text('#events [data-kind=lost] [data-field=text]', qr/a3/, 20);
pass('an analyzer that was killed is shown as down, and the events say why');
$load->signal('TERM');
is($cluster->finish_load($load)->{failed}{packets}, 0, 'no agent sees an error');
is_deeply($page->problems, [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
