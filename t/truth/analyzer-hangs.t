# An analyzer that takes deliveries and does not answer is told to hang, and not to be out of reach.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(analyzers => { a1 => 1 });
my $a2 = $truth->cluster->start_analyzer(a2 => 1, '--ttl', '5m'); # longer than this test: it hangs, and its lease goes on
$truth->cluster->wait_known('a2');
$truth->wait_well(30);

$truth->begins('an analyzer hangs', sub { $a2->signal('STOP') }, kind => 'analyzer_hangs', subject => 'a2', level => 'trouble',
    text => qr/^a2 hangs: it takes deliveries and does not answer/, since => 1, row => sub ($a) { $a->{check}{since_ms} && $a->{breakers}{hanging} > 0 },
    status => qr/trouble a2 hangs/, event => 'breaker', alert => 'WeirAnalyzerUnreachable', labels => { analyzer => 'a2' },
    metric => sub ($m) { $m->{'weir_breaker_workers{analyzer="a2",state="closed"}'} == 0 });
$truth->ends('it goes on', sub { $a2->signal('CONT') });
done_testing;
