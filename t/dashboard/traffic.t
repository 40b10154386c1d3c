# The dashboard shows where the messages go, from any node, and what it says is so.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max sum0);
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
alarm 750;
my %weights = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => \%weights);
my $page = Weir::Browser->page;
$page->open($cluster->node(2)->{admin} . '/');
$page->wait_text('#connection', qr/^live$/);
is($page->field('a1', 'actual-10s'), '–', 'nothing routed is no share');
is($page->field('a1', 'share'), '50.00 %', 'but there is a target');
is($page->value("import('./assets/format.js').then(({ failed }) => [null, 0, 0.0004, 0.0005, 0.3].map(failed).join(', '))"), '–, 0.0 %, 0.0 %, ▲ 0.1 %, ▲ 30.0 %',
    'of what failed only that is marked which is not 0.0 %');

my $load = $cluster->begin_load(rate => 300, duration => 0);
# How long the bar is, and where its mark is, in percent of its place on the screen.
sub bar ($id) {
    return $page->value(<<~END);
        (() => { const bar = document.querySelector('tr[data-analyzer=$id] .bar'), place = bar.getBoundingClientRect();
          const box = (kind) => bar.querySelector(kind).getBoundingClientRect();
          return { fill: 100 * (box('.fill').width + (bar.dataset.side === 'over' && box('.diff').width)) / place.width,
            mark: 100 * (box('.mark').left + box('.mark').width / 2 - place.left) / place.width }; })()
        END
}
wait_until { $page->text('[data-tile=messages-per-s] strong') =~ tr/,//dr > 100 } 20, 'the rate to be shown';
wait_until { !grep { abs(($page->number($_, 'actual-10s') // 0) - 100 * $weights{$_}) > 2 } keys %weights } 20, 'the shares of the last 10 s';
for my $id (sort keys %weights) {
    my $bar = bar($id);
    cmp_ok(abs($bar->{fill} - $bar->{mark}), '<', 4, "the bar of $id reaches its mark") or diag explain $bar;
    cmp_ok(abs($bar->{mark} - 100 * $weights{$id} / 0.53), '<', 1, 'which is where its target is');
    wait_until { my %rate = map { $_ => $page->number($_, 'rate') // 0 } keys %weights; my $all = sum0 values %rate;
        $all && abs($rate{$id} / $all - $weights{$id}) < 0.05 } 20, "the messages a second of $id to be its part of all";
    pass('its messages a second are its part of all');
    # It comes with the nodes' next reports, which the rates do not wait for.
    wait_until { $page->field($id, 'p50') . $page->field($id, 'p99') =~ /^[\d.]+ ms[\d.]+ m?s$/ } 20, "the latency of $id to be shown";
    pass('its latency is shown');
    is($page->field($id, 'breakers'), '● closed on 2', 'and its breakers');
    like($page->field($id, 'health') . $page->field($id, 'heartbeat') . $page->field($id, 'version'), qr/^● up♥ [\d.]+ s agov\d+\.\d+\.\d+$/,
        'its health, heartbeat and version');
}
$page->wait_text('#flow-summary', qr/^Since .* now [\d,]+, most for a1/, 15);
ok($page->value('[...document.querySelector("#flow").getContext("2d").getImageData(60, 0, 400, 200).data].some((v) => v > 0)'), 'a chart is drawn');
is_deeply($page->value('[...document.querySelectorAll("#flow-legend li span")].map((e) => e.textContent).sort()'), [qw(a1 a2 a3 packets/s)],
    'with a colour for each analyzer, and a line of packets');
is($page->value('document.querySelectorAll("#events [data-kind=joined]").length'), 3, 'the events say who joined');
# A machine that pauses lets packets pile up, and then a node leases: the page says what the pool says.
my %sign = (exact => '◆ exact', leased => '◇ leased');
for my $id (qw(n1 n2)) {
    my ($shown, $mode);
    eval { wait_until {
        ($mode) = map { $_->{mode} } grep { $_->{id} eq $id } @{ $cluster->cluster->{nodes} };
        ($shown = $page->text("tr[data-node=$id] [data-field=mode]")) eq ($sign{$mode} // '')
    } 20, "the mode of $id" };
    is($shown, $sign{$mode}, "$id is shown, and its mode");
}

$load->signal('TERM');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
my $counts;
wait_until { $counts = $cluster->counts; sum0(values %$counts) == sum0(values %{ $cluster->counts('delivered') }) } 10, 'everything to be delivered';
my $total = sum0 values %$counts;
$page->click('[data-set="window=all"]');
for my $id (sort keys %weights) {
    my $percent = sprintf '%.2f %%', 100 * $counts->{$id} / $total;
    $page->wait_text("tr[data-analyzer=$id] [data-field=actual-all]", qr/^\Q$percent\E$/);
    pass("$id: since start it shows what /v1/cluster says");
    my $stats = http(GET => 'http://' . $cluster->analyzer($id)->{addr} . '/stats')->{json};
    is($stats->{messages}, $counts->{$id}, 'and what the analyzer counted');
}

$cluster->node(1)->kill_now;
wait_until { !$page->value('!!document.querySelector("tr[data-node=n1]")') } 30, 'the killed node to go';
pass('a node that was killed disappears');
$page->wait_text('#events [data-kind=node_lost]', qr/n1/);
is($page->text('#connection'), 'live', 'while the page of another one goes on');
is_deeply($page->problems, [], 'no error, nothing from elsewhere, nothing that the content security policy forbids');
done_testing;
