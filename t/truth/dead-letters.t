# Dead letters that wait are told until somebody has purged them. One is written as a node writes it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(analyzers => { a1 => 1 });
my $cluster = $truth->cluster;
my @ctl = ('weirctl', '--redis', $cluster->redis->url);

$truth->begins('an analyzer calls packets bad', sub {
    $cluster->redis->script('bury', 'default', '[1]', 1, 'a1', 422, 'n1', 1e6, 'p-1', 'application/json', 1767323045678);
}, kind => 'dead_letters', level => 'warn', text => qr/^1 dead letter waits/, status => qr/1 dead letter waits/,
    alert => 'WeirDeadLetters', metric => sub ($m) { ($m->{weir_pool_dead_letters} // 0) > 0 });
$truth->ends('they are purged', sub { run(@ctl, 'dead', 'purge', 'all', '--yes') });
done_testing;
