# Weights changed under load: new shares from then on, and no packet suffers for it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my $load = $cluster->begin_load(rate => 4000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };

# Percent that the worst analyzer is off its share of the next $n messages.
sub percent_off ($shares, $n) {
    my $before = $cluster->counts;
    my ($from, $now) = $total->($before);
    wait_until { ($now = $total->()) >= $from + $n } 20, "$n messages";
    my $errors = $cluster->errors($shares, $before);
    note("$n messages: ", join ' ', map { sprintf '%s %+.1f', $_, $errors->{$_} } sort keys %$errors);
    return 100 * Weir::Cluster::worst($errors) / ($now - $from);
}

# Every node has the new roster, and has told what it routed by the old one.
sub settled () {
    my $epoch = $cluster->cluster->{epoch};
    wait_until { !grep { (metrics($_)->{weir_pool_epoch} // 0) < $epoch } $cluster->nodes } 10, 'every node has the roster';
    my $from = $total->();
    wait_until { $total->() >= $from + 4000 } 10, 'the nodes have settled';
}

wait_until { $total->() >= 10_000 } 20, 'the load is on';
my %shares = (a1 => 2.0, a2 => 0.3, a3 => 0.2);
is(run('weirctl', '--redis', $cluster->redis->url, 'weight', 'a1', '2.0')->{status}, 0, 'weirctl weight');
cmp_ok(percent_off(\%shares, 20_000), '<=', 0.5, 'a new weight is kept within 0.5 % over 20000 messages');
is($cluster->cluster->{analyzers}[0]{weight}, 2, 'and shown');

$cluster->patch($_ => { weight => 0 }) for qw(a1 a2 a3);
settled();
cmp_ok(percent_off({ a1 => 1, a2 => 1, a3 => 1 }, 20_000), '<=', 0.5, 'all weights 0: even shares');

$cluster->patch(a3 => { weight => 5 });
settled();
my $before = $cluster->counts;
settled();
my $after = $cluster->counts;
is_deeply([ map { $after->{$_} - $before->{$_} } qw(a1 a2) ], [ 0, 0 ], 'one weight alone: the others get nothing');

$cluster->patch(a2 => { state => 'draining' });
$cluster->patch(a1 => { weight => 5 });
settled();
cmp_ok(percent_off({ a1 => 1, a2 => 0, a3 => 1 }, 20_000), '<=', 0.5, 'a drained analyzer gets nothing new');

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'nothing is lost or doubled');
wait_until { $total->($cluster->counts('processed')) == $report->{accepted}{messages} } 20, 'all are processed';
wait_until { $total->($cluster->counts('routed')) >= $report->{accepted}{messages} } 20, 'the nodes have told what they routed';
is($total->($cluster->counts('routed')), $report->{accepted}{messages}, 'and all are counted once');

done_testing;
