# Analyzers that DNS names: their addresses, and SRV records with their weights. A name server of the test's answers.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Listed;
use Weir::NameServer;
use Weir::Test;

alarm 200;
my $names = Weir::NameServer->start or plan skip_all => 'a name server on port 53 needs the rights of root';
my ($port, $other) = (free_port, free_port);
my %server = map { ("127.0.9.$_" => unregistered("a$_", '--listen', "127.0.9.$_:$port")) } 1 .. 3;
my $service = unregistered('s1', '--listen', "127.0.9.1:$other");
my @all = map { "logs.test A 127.0.9.$_" } 1 .. 3;
my @service = ("_logs._tcp.test SRV 10 3 $other s1.test", "_logs._tcp.test SRV 20 9 $other spare.test", 's1.test A 127.0.9.1');
$names->set(@all[ 0, 1 ], @service);

my $redis = Weir::Redis->new;
my $cluster = bless { redis => $redis, nodes => [], analyzers => {}, records => [] }, 'Weir::Cluster';
for my $id (qw(n1 n2)) {
    my $node = Weir::Process->start([ $names->command('weir-node'), '--listen', '127.0.0.1:' . free_port, '--admin-listen', '127.0.0.1:' . free_port, '--node-id', $id, '--redis', $redis->url,
        '--workers', 1, '--drain-delay', '0ms', '--ack-within', 0, '--redis-timeout', '5s', '--discover', "dns+http://logs.test:$port*2", '--discover', 'dns+http://_logs._tcp.test/ingest',
        '--discover-interval', '300ms' ], name => $id);
    push @{ $cluster->{nodes} }, $node;
    $node->{ingest} = $node->wait_log(qr/component=node msg=listening .*addr=(\S+)/);
    $node->{admin} = 'http://' . $node->wait_log(qr/component=admin msg=listening .*addr=(\S+)/);
}
my @ids = map { "logs-127.0.9.$_-$port" } 1 .. 3;
$cluster->wait_known(@ids[ 0, 1 ], "s1.test-$other");
is(sources_of($cluster), "$ids[0]:dns logs.test $ids[1]:dns logs.test s1.test-$other:srv _logs._tcp.test", 'each address is an analyzer, and so is each SRV record of the lowest priority');
is(join(' ', map { $_->{weight} } @{ listed($cluster) }{ @ids[ 0, 1 ], "s1.test-$other" }), '2 2 3', 'with the weight of the option, and that of the record');

my $load = $cluster->begin_load(rate => 1000, duration => 5, messages => 5);
$names->set(@all, @service);
wait_until { listed($cluster)->{ $ids[2] } } 6, 'the new address within two heartbeats';
pass('an address that is added joins');
$names->set(@all[ 1, 2 ], @service);
wait_until { !listed($cluster)->{ $ids[0] } } 6, 'the address to leave within two heartbeats';
pass('one that is taken away leaves');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'agents notice nothing');
my $before = $cluster->counts;
$report = $cluster->load(rate => 2000, duration => 2, messages => 5);
my $errors = $cluster->errors({ $ids[1] => 2, $ids[2] => 2, "s1.test-$other" => 3 }, $before);
my $total = 2000 * 2 * 5;
cmp_ok(Weir::Cluster::worst($errors) / $total, '<', 0.005, 'each has its share');

# ---- names that cannot be resolved ----

$names->set;
$_->wait_log(qr/msg="the source cannot be read" .*source="dns logs.test"/) for $cluster->nodes;
my $node = $cluster->node(1);
$node->signal('TERM');
is($node->wait_end, 0, 'a node ends');
my $new = Weir::Process->start([ $names->command('weir-node'), '--listen', $node->{ingest}, '--admin-listen', $node->{admin} =~ s{^http://}{}r, '--node-id', 'n1', '--redis', $redis->url,
    '--workers', 1, '--drain-delay', '0ms', '--discover', "dns+http://logs.test:$port*2", '--discover', 'dns+http://_logs._tcp.test/ingest', '--discover-interval', '300ms' ], name => 'n1');
$new->{ingest} = $node->{ingest};
$new->{admin} = $node->{admin};
$cluster->{nodes}[0] = $new;
$new->wait_log(qr/msg="the source cannot be read" .*source="dns logs.test"/);
$cluster->node(2)->signal('TERM');
is($cluster->node(2)->wait_end, 0, 'and the last one that could resolve them');
pop @{ $cluster->{nodes} };
my $began = http(GET => "$new->{admin}/v1/overview")->{json}{now_ms};
wait_until { http(GET => "$new->{admin}/v1/overview")->{json}{now_ms} - $began > 11_000 } 30, 'their leases to have run out, were it not for the node';
is(join(' ', sort keys %{ listed($cluster) }), "@ids[1,2] s1.test-$other", 'while a name cannot be resolved, who was there stays, also when all nodes have started again');
$names->set($all[2], @service);
wait_until { !listed($cluster)->{ $ids[1] } } 10, 'the other address to leave';
pass('then it is followed again');
is(http(GET => "$new->{admin}/v1/spill")->{json}{packets}, 0, 'and nothing is left over');
done_testing;
