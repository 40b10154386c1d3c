# An analyzer that takes more than a second for an answer is told with its p99.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start;
my $fault = sub (@options) {
    my $run = run('weirctl', '--redis', $truth->cluster->redis->url, 'fault', 'a2', @options);
    die "fault: $run->{stderr}" if $run->{status};
};

$truth->begins('an analyzer is slow', sub { $fault->('--latency', '1500ms') }, kind => 'analyzer_slow', subject => 'a2', level => 'warn',
    text => qr/^a2 is slow: one delivery in a hundred takes \d{4,} ms or longer$/, row => sub ($a) { ($a->{p99_ms} // 0) > 1000 }, status => qr/a2 is slow: one delivery in a hundred/,
    event => 'analyzer_slow', event_text => qr/^a2 is slow: one delivery in a hundred takes \d{4,} ms or longer$/, alert => 'WeirAnalyzerLatency', labels => { analyzer => 'a2' }, metric => sub ($m) { $m->{'weir_delivery_seconds_bucket{analyzer="a2",le="1"}'} < $m->{'weir_delivery_seconds_count{analyzer="a2"}'} });
$truth->ends('it is quick again', sub { $fault->('--clear') });
$truth->tells('analyzer_slow', qr/^a2 is slow no more, after \d+ s$/);
done_testing;
