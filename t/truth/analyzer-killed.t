# A killed analyzer is told with its error, then as gone; when all of them are gone, that packets go into the spill.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(analyzers => { a1 => 1 });
my $cluster = $truth->cluster;
$cluster->start_analyzer(a2 => 1, '--ttl', '5m'); # its lease is longer than this test
$cluster->wait_known('a2');
$truth->wait_well(30);

$truth->begins('an analyzer is killed', sub { $cluster->analyzer('a2')->kill_now }, kind => 'analyzer_unreachable', subject => 'a2',
    level => 'trouble', text => qr/^a2 is out of reach: Connection refused$/, since => 1, row => sub ($a) { $a->{check}{error} eq 'Connection refused' && $a->{check}{down_s} >= 1 },
    status => qr/trouble a2 is out of reach: Connection refused/, event => 'breaker', alert => 'WeirAnalyzerUnreachable', labels => { analyzer => 'a2' },
    metric => sub ($m) { $m->{'weir_breaker_workers{analyzer="a2",state="closed"}'} == 0 });
$truth->ends('it is started again', sub { $cluster->start_analyzer(a2 => 1) });

$truth->begins('the heartbeats of an analyzer end', sub { $cluster->analyzer('a2')->kill_now }, kind => 'analyzer_lost', subject => 'a2', level => 'trouble',
    within => 30, text => qr/^a2 is gone: its heartbeats ended, and deliveries fail: Connection refused$/, since => 1, row => sub ($a) { $a->{health} eq 'down' },
    status => qr/trouble a2 is gone: its heartbeats ended/, event => 'lost', alert => 'WeirAnalyzerUnreachable', labels => { analyzer => 'a2' },
    metric => sub ($m) { $m->{'weir_breaker_workers{analyzer="a2",state="closed"}'} == 0 });
$truth->begins('all analyzers are gone', sub { $cluster->analyzer('a1')->kill_now }, kind => 'no_analyzer', level => 'trouble',
    text => qr/^No analyzer can take anything: packets go into the spill$/, status => qr/No analyzer can take anything/, event => 'spill_began', within => 30,
    alert => 'WeirNoAnalyzer');
unlike($_->{text}, qr/others/, 'nothing is said to go to others: ' . $_->{text}) for $truth->causes;
$truth->ends('both are back', sub { $cluster->start_analyzer($_ => 1, '--ttl', '5m') for qw(a1 a2) });
$truth->begins('all analyzers are out of reach, and have leases', sub { $cluster->analyzer($_)->kill_now for qw(a1 a2) }, kind => 'no_analyzer', level => 'trouble',
    text => qr/^No analyzer can take anything: packets go into the spill$/, status => qr/No analyzer can take anything/, event => 'spill_began', within => 30,
    alert => 'WeirNoAnalyzer');
$truth->ends('both are back again', sub { $cluster->start_analyzer($_ => 1) for qw(a1 a2) });
done_testing;
