# Nodes keep analyzers registered that their options and a file list: one registration each, however many nodes list it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Listed;
use Weir::Test;

alarm 200;
my %server = map { $_ => unregistered($_) } qw(a1 a2 a3 a4);
my $file = folder() . '/analyzers.json';
write_whole($file, qq([{"targets":["$server{a3}{addr}"],"labels":{"id":"a3","weight":"2","team":"logs"}}]));
my @lists = ('--analyzer', "a1=http://$server{a1}{addr}/ingest*0.5", '--analyzers', "a2=http://$server{a2}{addr}=0.5", '--discover', "file:$file");
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => \@lists);
$cluster->wait_known(qw(a1 a2 a3));
my ($node, $redis) = ($cluster->node(1), $cluster->redis);
is(sources_of($cluster), "a1:static a2:static a3:file $file", 'they come from where they are listed');
like(run("weirctl", "--redis", $redis->url, "status")->{stdout}, qr/^a1 .* static *\n.*^a3 .* file /ms, "weirctl status says so");
my $report = $cluster->load(rate => 1500, duration => 2, messages => 5);
is($report->{status}, 0, 'packets are taken');
my ($counts, $total) = ($cluster->counts, 0);
$total += $_ for values %$counts;
my %share = (a1 => 1 / 6, a2 => 1 / 6, a3 => 4 / 6);
cmp_ok(abs($counts->{$_} / $total - $share{$_}), '<', 0.005, "$_ gets its share") for sort keys %share;
my $events = http(GET => "$node->{admin}/v1/events")->{json}{events};
is((grep { $_->{kind} eq 'joined' && $_->{analyzer} eq 'a1' } @$events), 1, 'two nodes make one registration');
is((grep { $_->{kind} eq 'replaced' } @$events), 0, 'and nobody replaces anybody');

# ---- the file changes ----

write_whole($file, qq([{"targets":["$server{a3}{addr}"],"labels":{"id":"a3","weight":"1"}},\n{"targets":["$server{a4}{addr}"],"labels":{"id":"a4"}}]));
wait_until { states_of($cluster) eq 'a1:0.5:active a2:0.5:active a3:1:active a4:1:active' } 6, 'the change within two heartbeats';
pass('what the file adds joins, and another weight holds');
write_whole($file, "[{\"targets\":[\"$server{a4}{addr}\"],\n \"labels\":{\"id\":\"a4\"}},\n ]");
my $line = $node->wait_log(qr/msg="the source cannot be read" .*reason="line (\d+)/);
is($line, 3, 'a broken file is named with its line');
write_whole($file, qq([{"targets":["$server{a4}{addr}"],"labels":{"id":"a4"}}]));
wait_until { !listed($cluster)->{a3} } 6, 'a3 to leave within two heartbeats';
is(sources_of($cluster), "a1:static a2:static a4:file $file", 'what the file no longer lists leaves; a broken file took nobody away');
unlink $file or die;
$node->wait_log(qr/msg="the source cannot be read" .*reason="No such file/);
is(sources_of($cluster), "a1:static a2:static a4:file $file", 'nor does one that is gone');

# ---- operators win ----

$cluster->patch(a1 => { weight => 3, state => 'draining' });
is(run('weirctl', '--redis', $redis->url, 'remove', 'a2')->{status}, 0, 'an operator removes one');
$_->wait_log(qr/msg="a listed analyzer is left alone" .*analyzer=a2 reason="an operator removed it"/) for $cluster->nodes;
is(states_of($cluster), 'a1:3:draining a4:1:active', 'it stays away, and state and weight of another stay');
$cluster->restart_node(1);
$node = $cluster->node(1);
wait_until { http(GET => "$node->{admin}/readyz")->{status} == 200 } 10, 'the node to be back';
$node->wait_log(qr/msg="a listed analyzer is left alone" .*analyzer=a2/);
is(states_of($cluster), 'a1:3:draining a4:1:active', 'also when a node starts again, without the file');

# ---- a rolling change of the options ----

$cluster->{node} = [];
$cluster->patch(a1 => { weight => 0.5, state => 'active' });
$cluster->restart_node(2);
is(join(' ', sort keys %{ listed($cluster) }), 'a1 a4', 'while one node lists them they stay');
my ($old) = $cluster->node(1);
$old->signal('TERM');
is($old->wait_end, 0, 'the last node that lists them ends');
splice @{ $cluster->{nodes} }, 0, 1;
wait_until { !%{ listed($cluster) } } 15, 'their leases to end';
pass('nobody keeps them any more');

for my $case ([ '--analyzer', 'a1' ], [ '--analyzer', 'a1=http://8.8.8.8/x' ], [ '--analyzers', 'a=http://h:1,a=http://h:2' ], [ '--discover', 'http://h' ], [ '--discover', 'file:' ]) {
    my $run = run('weir-node', @$case, '--check-config');
    is($run->{status}, 2, "@$case is refused at the start");
    like($run->{stderr}, qr/^weir-node: --\w+: "/, 'with one line') or diag($run->{stderr});
}
is(run('weir-node', '--analyzer', 'http://10.0.0.7:9001=0.5', '--discover', 'dns+http://_s._tcp.x/y', '--check-config')->{status}, 0, 'the forms of the documents are taken');
done_testing;
