# An analyzer that is killed is told with its error; when all of them are gone, that packets go into the spill.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start;
my $cluster = $truth->cluster;

$truth->begins('an analyzer is killed', sub { $cluster->analyzer('a2')->kill_now }, kind => 'analyzer_unreachable|analyzer_lost', subject => 'a2',
    level => 'trouble', text => qr/Connection refused|fails|heartbeats/, since => 1, row => sub ($a) { $a->{check}{error} =~ /refused|reset|closed/ && $a->{check}{down_s} >= 1 },
    status => qr/trouble a2 /, event => 'breaker', alert => 'WeirAnalyzerUnreachable', metric => sub ($m) { $m->{'weir_breaker_workers{analyzer="a2",state="closed"}'} == 0 });
$truth->ends('it is started again', sub { $cluster->start_analyzer(a2 => 1) });

$truth->begins('all analyzers are gone', sub { $cluster->analyzer($_)->kill_now for qw(a1 a2) }, kind => 'no_analyzer', level => 'trouble',
    text => qr/^No analyzer can take anything: packets go into the spill$/, status => qr/No analyzer can take anything/, event => 'spill_began',
    alert => 'WeirSpills', metric => sub ($m) { $m->{weir_pool_spill_packets} > 0 || $m->{weir_spilled_packets_total} > 0 });
unlike($_->{text}, qr/others/, 'nothing is said to go to others: ' . $_->{text}) for $truth->causes;
$truth->ends('both are back', sub { $cluster->start_analyzer($_ => 1) for qw(a1 a2) });
done_testing;
