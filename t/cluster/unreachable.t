# A node that cannot reach one analyzer: the other nodes make up for it, and everybody can see why.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Relay;
use Weir::Test;

alarm 300;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my ($cluster, @loads, $total);

sub begin () {
    $cluster = Weir::Cluster->start(nodes => 4, analyzers => { a2 => 0.3, a3 => 0.2 });
    my $relay = Weir::Relay->new; # the way to a1, closed to n4
    my $a1 = $cluster->start_analyzer(a1 => 0.5, '--advertise', 'http://' . $relay->addr . '/ingest');
    $relay->run($a1->{addr}, $cluster->node(4)->pid);
    $cluster->wait_known('a1');
    # A load for each node: of a common one, the node that does not wait for a1 would get the greatest part.
    @loads = map { $cluster->begin_load(target => "http://$_->{ingest}/ingest", rate => 250, messages => '1-9',
        'max-messages' => 7_500, connections => 4) } $cluster->nodes;
    $total = sub { sum0 values %{ $cluster->counts } };
    wait_until { $total->() >= 25_000 } 60, '25000 messages';
    return $relay;
}

# A machine so busy that an analyzer stands still for a second gives the other nodes trouble of their own.
my $relay = begin;
for (1 .. 9) {
    last if !$cluster->was_held_up('a1', 1 .. 3) && !$cluster->was_held_up('a[23]', 1 .. 4);
    note('the machine held an analyzer up: once more');
    $cluster->finish_load($_) for @loads;
    $relay = begin;
}
my $errors = $cluster->errors(\%share);
my $percent = 100 * Weir::Cluster::worst($errors) / $total->();
note(sprintf '%.3f %% off after 25000 messages; messages: %s', $percent, join ' ', map { sprintf '%s %+.1f', $_, $errors->{$_} } sort keys %$errors);
cmp_ok($percent, '<=', 0.5, 'the shares of the whole are right within 0.5 %');

# A machine that holds an analyzer up for more than a second makes it hang for a moment, for any node.
my ($seen, %unreachable);
eval { wait_until {
    $seen = $cluster->cluster;
    %unreachable = map { $_->{id} => $_->{unreachable} } @{ $seen->{nodes} };
    $unreachable{n4}[0] && !grep { @{ $unreachable{$_} } } qw(n1 n2 n3);
} 20, 'n4 alone to tell what it cannot reach' };
is_deeply(\%unreachable, { n1 => [], n2 => [], n3 => [], n4 => ['a1'] }, 'the cluster shows which node cannot reach which analyzer');
my %health = map { $_->{id} => $_->{health} } @{ $seen->{analyzers} };
is_deeply(\%health, { a1 => 'suspect', a2 => 'up', a3 => 'up' }, 'the analyzer is suspect, and not down');

my @reports = map { $cluster->finish_load($_) } @loads;
is_deeply([ map { $_->{status} } @reports ], [ (0) x 4 ], 'no agent sees an error');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } map { @{ $_->{acked} } } @reports ], [], 'every packet was delivered once');

my $log = $cluster->node(4)->log;
like($log, qr/msg="delivery failed" .*analyzer=a1 .*reason=(?:broken|connect) .*error="[^"]+/, 'the log of that node says why');
like($log, qr/msg="breaker changed" .*analyzer=a1 state=open/, 'and that it stopped trying');
unlike($cluster->node($_)->log, qr/analyzer=a1 .*(?:reason=(?:broken|connect)|state=open)/, "n$_ has no trouble") for 1 .. 3;

done_testing;
