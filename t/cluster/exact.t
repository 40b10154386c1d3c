# A slow stream is divided exactly, however many nodes it comes through.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my %expected = (a1 => 50, a2 => 30, a3 => 20);
my $cluster = Weir::Cluster->start(nodes => 20, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });

my (%got, @refused);
for my $i (0 .. 99) {
    my $node = $cluster->node($i % 20 + 1);
    my $response = http(POST => "http://$node->{ingest}/ingest", { id => "p$i", messages => [ { msg => 'hello' } ] });
    push @refused, $response->{status} if $response->{status} != 202;
    $got{ $response->{headers}{'weir-analyzer'} // 'nobody' }++;
    last if @refused;
}
is_deeply(\@refused, [], 'each of 20 nodes takes its packets');
for my $id (sort keys %expected) {
    cmp_ok(abs(($got{$id} // 0) - $expected{$id}), '<=', 1, "$id got $expected{$id} of 100 packets, one more or less");
}
is_deeply([ sort keys %got ], [ sort keys %expected ], 'nobody else got any');

wait_until { sum0(values %{ $cluster->counts('delivered') }) == 100 } 20, 'all deliveries are counted';
is_deeply($cluster->counts('routed'), \%got, 'the registry counts the same');
is_deeply($cluster->counts('delivered'), \%got, 'as delivered, too');
is(scalar keys %{ $cluster->recorded }, 100, 'and the analyzers have them all');

done_testing;
