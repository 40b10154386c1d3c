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

$truth->begins('an analyzer is slow', sub { $fault->('--latency', '1500ms') }, kind => 'analyzer_slow|agents_wait',
    text => qr/\d\d\d+ ms or longer/, status => qr/\d\d\d+ ms or longer/, event => 'fault',
    alert => 'WeirAgentsWait', metric => sub ($m) { $m->{'weir_ingest_ack_seconds_bucket{le="1"}'} < $m->{'weir_ingest_ack_seconds_count'} });
$truth->ends('it is quick again', sub { $fault->('--clear') });
done_testing;
