# An analyzer dies without a word, under load, and comes back.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => \%share);
my $load = $cluster->begin_load(rate => 4000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };
wait_until { $total->() >= 20_000 } 20, 'the load is on';

# Percent that the worst analyzer is off its share of the next 20000 messages.
sub percent_off ($shares) {
    my ($before, $n) = ($cluster->counts);
    wait_until { ($n = $total->() - $total->($before)) >= 20_000 } 20, '20000 messages';
    my $errors = $cluster->errors($shares, $before);
    note("$n messages: ", join ' ', map { sprintf '%s %+.1f', $_, $errors->{$_} } sort keys %$errors);
    return 100 * Weir::Cluster::worst($errors) / $n;
}
my $health = sub { my ($a1) = grep { $_->{id} eq 'a1' } @{ $cluster->cluster->{analyzers} }; $a1->{health} };

$cluster->analyzer('a1')->kill_now;
wait_until { $health->() eq 'down' } 10, 'all nodes say that it is down';
pass('the cluster says that it is down');
cmp_ok(percent_off({ a1 => 0, a2 => 0.3, a3 => 0.2 }), '<=', 0.5, 'its share goes to the others, by weight');

my $reborn = $cluster->start_analyzer(a1 => 0.5);
my ($before, $flood) = ($cluster->counts, 0);
my $start = $before;
until ($total->($before) >= $total->($start) + 30_000) {
    my ($now, $n);
    wait_until { $now = $cluster->counts; ($n = $total->($now) - $total->($before)) >= 1000 } 10, '1000 messages';
    $flood = max($flood, ($now->{a1} - $before->{a1}) / $n);
    $before = $now;
}
note(sprintf 'at most %.1f %% of 1000 messages', 100 * $flood);
is($health->(), 'up', 'it is back');
cmp_ok($flood, '<=', 0.75, 'it was not flooded: never more than half of its share on top');
cmp_ok(percent_off(\%share), '<=', 0.5, 'its share is right again');

$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');

my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'nothing is lost');
my %died_with = map { $_ => 1 } slurp($cluster->{records}[0][1]) =~ /"id":"([^"]+)"/g;
is_deeply([ grep { $times->{$_} > 1 && !$died_with{$_} } keys %$times ], [], 'and twice is there only what the dead one could not acknowledge');

done_testing;
