# Three nodes behind one port: every message is counted once by each who counts, and the shares are right.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 3, shared => 1, analyzers => \%share);

my $report = $cluster->load(rate => 6000, messages => '1-9', 'max-messages' => 100_000, connections => 48);
is($report->{status}, 0, 'no agent sees an error');
cmp_ok($report->{sent}{messages}, '>=', 100_000, 'enough was sent');
note("$report->{rate}{packets_per_s} packets/s");

my $n = $report->{sent}{messages};
for my $counter (qw(routed delivered processed)) {
    my $total = 0;
    eval { wait_until { ($total = sum0 values %{ $cluster->counts($counter) }) >= $n } 20, $counter };
    is($total, $n, "sent = $counter");
}

my $errors = $cluster->errors(\%share);
note(join ' ', map { sprintf '%s %+.1f', $_, $errors->{$_} } sort keys %$errors);
cmp_ok(Weir::Cluster::worst($errors), '<=', 40, 'no analyzer is further than 40 messages from its share');

my $times = $cluster->recorded;
is(scalar keys %$times, $report->{sent}{packets}, 'the record files have every packet');
is_deeply([ grep { $times->{$_} != 1 } keys %$times ], [], 'each of them once');
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'and whatever was acknowledged');
is($cluster->cluster->{totals}{messages}, $n, 'the totals say the same');
my $mode = join ' ', map { $_->{mode} } @{ $cluster->cluster->{nodes} };
note("modes: $mode");

done_testing;
