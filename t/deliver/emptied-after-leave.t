# An analyzer had left before Redis came back empty: the new Redis has fewer slots than the workers' vectors.
# Every settle used to be answered with `behind` for ever.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.5, a3 => 1 });
my $load = $cluster->begin_load(rate => 500, messages => '1-9', duration => 0);
my $delivered = sub { sum0 values %{ $cluster->counts('delivered') } };
wait_until { $delivered->() > 500 } 20, 'the load is on';
is($cluster->analyzer('a3')->end, 0, 'the one in the highest slot leaves');
wait_until { @{ $cluster->cluster->{analyzers} } == 2 } 20, 'it is gone';

is($cluster->redis->stop, 0, 'Redis stops');
$cluster->redis->start;
wait_until { (eval { $cluster->cluster } // {})->{epoch} } 10, 'the roster is back';
my $ok = eval { wait_until { $delivered->() > 500 && @{ $cluster->cluster->{nodes} } == 2 } 20, 'counters'; 1 };
ok($ok, 'the workers settle with the emptied Redis') or diag($@);
is_deeply([ grep { $_->{mode} eq '' } @{ $cluster->cluster->{nodes} } ], [], 'and say again what mode they are in');

$load->signal('INT');
is($cluster->finish_load($load)->{status}, 0, 'no agent sees an error');
done_testing;
