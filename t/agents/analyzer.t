# gRPC's own server in Python as an analyzer: it reads what nodes deliver, packed or not, and nodes read what it answers.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use List::Util qw(sum0);
use Test::More;
use Weir::Agents;
use Weir::AgentTable;
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $out = folder . '/calls';
my $server = Weir::Process->start([ 'env', Weir::AgentTable::libraries(), 'PYTHONPATH=' . Weir::Agents::tools() . '/debian/usr/lib/python3/dist-packages', '/usr/bin/python3',
    "$Bin/analyzer.py", "$Bin/../../docs/analyzer.proto" ], name => 'python', stdout => $out);
sub calls ($kind = 'deliver') { return grep { ($_->{call} // '') eq $kind } map { decode_json($_) } slurp($out) =~ /^(\{.*\})$/mg }
wait_until { slurp($out) =~ /"port"/ } 60, 'the server';
my ($port) = slurp($out) =~ /"port": (\d+)/;

my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--delivery-timeout', '60s' ]);
my $node = $cluster->node(1);
my $client = Weir::Raw->connect($node->{ingest});
sub post ($path, $body, $type = 'application/json') {
    $client->send(request(POST => $path, $body, "Content-Type: $type"));
    return $client->answer->{status};
}
sub register ($id, %more) {
    is(http(PUT => "$node->{admin}/v1/analyzers/$id", { url => "grpc://127.0.0.1:$port", weight => 1, ttl_ms => 600_000, %more })->{status}, 201, "$id is registered");
    $cluster->wait_known($id);
}

register('p1');
is(post('/ingest', '{"messages":["a","b"]}'), 202, 'a packet is delivered');
is_deeply((calls)[0], { call => 'deliver', n => 1, node => 'n1', in_time => JSON::PP::true, packets => [ { body => '{"messages":["a","b"]}', messages => 2, content_type => 'application/json', format => '', path => '' } ] },
    'with all that docs/analyzer.proto says, and a deadline');
is(post('/v1/logs', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9}]}]}]}'), 200, 'OTLP/JSON is');
is((calls('export'))[0]{bytes}, '0a0612041202' . '1009', '... as protobuf');
is(post('/ingest', '{"m":"bad"}'), 202, 'one that is refused is acknowledged');
wait_until { http(GET => "$node->{admin}/v1/dead")->{json}{packets} } 30, 'it to be a dead letter';
is_deeply([ @{ http(GET => "$node->{admin}/v1/dead")->{json}{entries}[0] }{qw(reason answer)} ], [ 'status 422', 'no field' ], '... which tells why');
is(post('/v1/logs', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"partial"},{}]}]}]}'), 200, 'OTLP of which one record is rejected is');
wait_until { http(GET => "$node->{admin}/v1/dead")->{json}{packets} == 2 } 30, 'that record to be a dead letter';
is_deeply([ @{ http(GET => "$node->{admin}/v1/dead")->{json}{entries}[0] }{qw(messages answer)} ], [ 1, 'reason' ], '... which is one message');
is(post('/ingest', '{"m":"busy"}'), 202, 'one that comes while it is busy is acknowledged');
$node->wait_log(qr/msg="delivery failed" .*analyzer=p1 .*error="UNAVAILABLE: queue is full"/);
wait_until { 2 == grep { $_->{packets}[0]{body} =~ /busy/ } calls } 30, 'it to come again';

$cluster->patch('p1', { state => 'disabled' });
register('p2', encoding => 'gzip');
my $load = $cluster->load(rate => 0, count => 2000, connections => 64, messages => 3);
is($load->{status}, 0, 'many are delivered in gzip');
is(sum0(map { scalar $_->{packets}->@* } grep { $_->{packets}[0]{body} =~ /"id"/ } calls), 2000, 'each once');
done_testing;
