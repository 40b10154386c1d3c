# An analyzer that answers 500 to a part of its deliveries is told with the part and the status.
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

# A fifth: by chance five failures come in a row now and then, and then it is out of reach for a while.
$truth->begins('an analyzer errs', sub { $fault->('--errors', '0.2') }, kind => 'analyzer_errs', subject => 'a2',
    text => qr/^a2 fails \d+ % of its deliveries: HTTP 5\d\d/, error => qr/^HTTP 5\d\d/, since => 1, row => sub ($a) { $a->{error_ratio} > 0 },
    status => qr/a2 fails \d+ % of its deliveries/, event => 'analyzer_errs', event_text => qr/^a2 fails \d+ % of its deliveries: HTTP 5\d\d/, alert => 'WeirAnalyzerFails', labels => { analyzer => 'a2' });
$truth->ends('it errs no more', sub { $fault->('--clear') });
$truth->tells('analyzer_errs', qr/^a2 fails deliveries no more, after \d+ s$/);
done_testing;
