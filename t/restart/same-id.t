# A node id belongs to one process: a second one is refused with the name of the first, and the first one's next life
# begins at once.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 });
my $redis = $cluster->redis;
my @options = ('--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--redis', $redis->url, '--workers', 1);

# A node that ends by itself: it and its log.
sub try_node ($id) {
    my $node = Weir::Process->start([ 'weir-node', '--node-id', $id, @options ], name => "second-$id", may_end => 1);
    my $status = $node->wait_end(20);
    return ($status, $node->log);
}

my ($status, $log) = try_node('n1');
isnt($status, 0, 'a second node with the id of a live one ends with an error');
my $pid = $cluster->node(1)->pid;
like($log, qr/level=error .*msg="another node has this id" .*\bid=n1 .*other_host=\S+ other_pid=$pid other_listen="?\Q$cluster->{nodes}[0]{ingest}\E/, 'which names the id and the other one');
like($log, qr/remedy="[^"]*--node-id/, 'and says what to do');

$cluster->node(1)->signal('STOP');
($status, $log) = try_node('n1');
isnt($status, 0, 'one that is frozen still has its id');
my $n = 0; # calls of another node, which notices
my $call = sub { $redis->script('settle', 'default', 'n9/0', 't', ++$n, 0, 60000, 0, '', '', 0, '', '1', '') };
wait_until { $call->(); !$redis->command('HEXISTS', 'weir:{default}:node_info', 'n1/0') } 20, 'the lease of the frozen node to end';
$cluster->node(1)->signal('CONT');
my $mode = sub { my ($n1) = grep { $_->{id} eq 'n1' } @{ $cluster->cluster->{nodes} }; $n1 ? $n1->{mode} // '' : '' };
wait_until { $mode->() =~ /^(?:exact|leased)$/ } 10, 'the mode of the node that was frozen';
pass('a node back from a pause has its mode again');
my $loss = metrics($cluster->node(1))->{weir_registry_losses_total} // 0;
is($loss, 0, 'and nobody takes that for lost data') or diag($cluster->node(1)->log);

# killed and started again: its lease still runs
$cluster->node(1)->kill_now;
shift @{ $cluster->{nodes} };
my $next = $cluster->start_node('n1');
like($next->log, qr/msg="the former process of this node has ended" .*\bid=n1 pid=$pid /, 'a node that was killed has its id again at once');

# of another machine only the lease tells
my $elsewhere = '{"mode":"exact","host":"elsewhere","boot":"b","pids":"pid:[1]","pid":7,"started":9,"listen":"10.0.0.9:8080"}';
my $claim = sub { $redis->script('claim', 'default', 'n2/0', 'f' x 32, 0, 0, 2000, $elsewhere, '')->[0] };
is($claim->(), 'ok', 'a node elsewhere takes an id');
my $waits = Weir::Process->start([ 'weir-node', '--node-id', 'n2', @options ], name => 'waits');
$waits->wait_log(qr/msg="this id is in use, waiting until its lease ends" .*\bid=n2 other_host=elsewhere/);
$waits->wait_log(qr/component=node msg=listening /);
pass('one that waited for the end of its lease starts');
is($claim->(), 'in_use', 'and has the id then');

$redis->script('claim', 'default', 'n3/0', 'f' x 32, 0, 0, 2000, $elsewhere, '');
my $refused = Weir::Process->start([ 'weir-node', '--node-id', 'n3', @options ], name => 'refused', may_end => 1);
$refused->wait_log(qr/waiting until its lease ends/);
$redis->script('claim', 'default', 'n3/0', 'f' x 32, 0, 0, 20000, $elsewhere, '');
isnt($refused->wait_end(20), 0, 'where the other one prolongs its lease meanwhile, it is refused');
like($refused->log, qr/msg="another node has this id" .*\bid=n3 .*other_host=elsewhere/, 'with its name');

# at the same moment
my @both = map { Weir::Process->start([ 'weir-node', '--node-id', 'twin', @options ], name => "twin-$_", may_end => 1) } 1, 2;
wait_until { grep { $_->has_ended } @both } 20, 'one of the two to end';
is(scalar(grep { $_->has_ended } @both), 1, 'of two that start at the same moment one gets the id');
my ($other) = grep { !$_->has_ended } @both;
$other->wait_log(qr/component=node msg=listening /);
$other->end;
done_testing;
