# An analyzer that is killed and started again and again is told to flap, and how long it is held back.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

use constant RESTARTS => 8; # then it is held back for 32 s

alarm 900;
my $truth = Weir::Truth->start;
my $cluster = $truth->cluster;

$truth->begins('an analyzer restarts again and again', sub {
    for (1 .. RESTARTS) {
        $cluster->analyzer('a2')->kill_now;
        $cluster->start_analyzer(a2 => 1)->wait_log(qr/msg=registered/);
    }
}, kind => 'analyzer_flaps', subject => 'a2', level => 'warn', text => qr/^a2 restarts again and again, and is held back for \d+ s more$/,
    row => sub ($a) { $a->{held_back_ms} > 0 }, status => qr/a2 restarts again and again/, event => 'replaced', alert => 'WeirAnalyzerFlaps', labels => { analyzer => 'a2' },
    metric => sub ($m) { $m->{'weir_share_target_ratio{analyzer="a2"}'} == 0 });
$truth->ends('it stays', sub { });
done_testing;
