# A node that is killed is told by its name; an analyzer that one node alone cannot reach is told as that node's view.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Relay;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(nodes => 2);
my $cluster = $truth->cluster;

my $relay = Weir::Relay->new;
$truth->begins('one node is cut off from an analyzer', sub {
    my $a3 = $cluster->start_analyzer(a3 => 1, '--advertise', 'http://' . $relay->addr . '/ingest');
    $relay->run($a3->{addr}, $cluster->node(2)->pid);
}, kind => 'analyzer_cut_off', subject => 'a3', level => 'warn', nodes => 'n2', since => 0, within => 30, text => qr/^a3 is out of reach of n2, 1 of 2 nodes\b/,
    row => sub ($a) { $a->{health} eq 'suspect' }, status => qr/a3 is out of reach of n2/, event => 'breaker', node => 1,
    alert => 'WeirAnalyzerUnreachable', labels => { analyzer => 'a3' });
$truth->ends('it leaves', sub { $cluster->analyzer('a3')->end });

my $n2 = $cluster->node(2);
$truth->begins('a node is killed', sub { $n2->kill_now }, kind => 'node_lost', subject => 'n2', level => 'warn', within => 30,
    text => qr/^Node n2 is gone without a word/, since => 1, status => qr/Node n2 is gone/, event => 'node_lost',
    alert => 'WeirNodeLost');
$truth->ends('it is started again', sub { $cluster->start_node('n2', '--listen', $n2->{ingest}) });
done_testing;
