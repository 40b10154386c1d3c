# A spill that grows, and then is full, tells how full it is, and what agents get.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(node => [ '--spill-max-bytes', '16MiB', '--spill-after', '100ms' ], analyzers => { a1 => 1 });
my $cluster = $truth->cluster;
my $ingest = 'http://' . $cluster->node(1)->{ingest} . '/ingest';

$truth->begins('the spill grows', sub { $cluster->analyzer('a1')->kill_now }, kind => 'spill_grows', level => 'trouble', text => qr/^The spill grows: \d+ packets, \d+ % full, and at this rate full in /,
    within => 30, status => qr/The spill grows|packets in the spill wait/, event => 'spill_began', alert => 'WeirSpillGrows');
my $large = [ map { 'x' x 60_000 } 1 .. 4 ];
$truth->begins('the spill is full', sub { http(POST => $ingest, $large) for 1 .. 80 }, kind => 'spill_full', level => 'trouble', text => qr/of spill-max-bytes$/, within => 30,
    event => 'refusing', alert => 'WeirRefuses', labels => { reason => 'spill_full' });
$truth->begins('agents are refused', sub { }, kind => 'refusing', subject => 'spill_full', level => 'trouble', text => qr/^Agents get 503 spill_full/, error => qr/^503/, since => 0,
    status => qr/Agents get 503 spill_full/, event => 'refusing', alert => 'WeirRefuses', labels => { reason => 'spill_full' });
$truth->ends('the analyzer is back', sub { $cluster->start_analyzer(a1 => 1) });
done_testing;
