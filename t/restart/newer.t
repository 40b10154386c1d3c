# A registry that a newer version of Weir wrote: a node of this version says so and stays out, one that runs changes nothing there.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 120;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 });
my $redis = $cluster->redis;
my $key = 'weir:{default}:hot';
wait_until { $redis->command('EXISTS', $key) } 20, 'the registry to be written';

$redis->command('SETRANGE', $key, 0, pack('d<', 2));
my $newer = $redis->command('GET', $key);
my $node = Weir::Process->start([ 'weir-node', '--node-id', 'old', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--redis', $redis->url ], name => 'old', may_end => 1);
isnt($node->wait_end(20), 0, 'a node of this version does not start');
like($node->log, qr/level=error .*msg="the registry was written by a newer version of Weir" .*pool=default layout=2 version=\S+ remedy="/, 'and says why, and what to do');

my $ingest = "http://$cluster->{nodes}[0]{ingest}/ingest";
is(http(POST => $ingest, '{"messages":["m"]}')->{status}, 202, 'one that runs goes on with what it knows');
wait_until { $cluster->node(1)->log =~ /the registry has layout 2, and this program knows layout 1/ } 20, 'it to say so';
pass('it says so, too');
is($redis->command('GET', $key), $newer, 'and nothing is changed there');

$redis->command('SETRANGE', $key, 0, pack('d<', 1));
is(http(POST => $ingest, '{"messages":["m"]}')->{status}, 202, 'with the layout that it knows it goes on');
done_testing;
