# A packet at which connections break: when its node ends, another one goes on counting where that one was.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => [ '--ack-within', '300ms' ]);
my ($first, $second) = $cluster->nodes;
my %servers = map { $_ => Weir::FakeServer->start(sub ($n, $body, $path) { return ($body // '') =~ /poison/ ? { drop => 1 } : { status => 200 } }) } qw(a1 a2 a3);
http(PUT => "$first->{admin}/v1/analyzers/$_", { url => $servers{$_}->url('/ingest'), weight => 1, ttl_ms => 600000 }) for sort keys %servers;
$cluster->wait_known(sort keys %servers);
for my $node ($first, $second) { http(POST => "http://$node->{ingest}/ingest", qq({"id":"fine-$_"})) for 1 .. 9 }

is(http(POST => "http://$first->{ingest}/ingest", '{"id":"poison"}')->{status}, 202, 'the agent is answered');
$first->wait_log(qr/msg="packet may be poison" .*failures=4 /, 30);
is($cluster->cluster(2)->{spill}{packets}, 1, 'the packet is in the spill');
is($first->end, 0, 'the first node ends');
my $dead = sub () { return http(GET => "$second->{admin}/v1/dead")->{json} };
wait_until { $dead->()->{packets} == 1 } 60, 'the packet to be a dead letter';
my $letter = $dead->()->{entries}[0];
is("$letter->{id}: $letter->{reason}", 'poison: poison: 6 attempts, last the connection broke', 'with the failures at both nodes');
is($letter->{node}, 'n2', 'by the second node');
my $n = 0;
for my $server (values %servers) { $n += grep { /poison/ } $server->bodies }
cmp_ok($n, '<=', 7, 'it was delivered a few times in all');
is($cluster->cluster(2)->{spill}{packets}, 0, 'and it is not in the spill any more');
is(@{ $cluster->redis->command('HKEYS', 'weir:{default}:spill_total') } - grep({ !/^failures:/ } @{ $cluster->redis->command('HKEYS', 'weir:{default}:spill_total') }), 0, 'nothing is left of its count');
done_testing;
