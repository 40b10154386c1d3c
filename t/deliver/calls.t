# Deliveries by gRPC and HTTP/2, with TLS and without: packets of all kinds arrive once, refusals have their fate and are told in words.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max);
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

alarm 300;
use constant RECORDS => "\x0a\x0e\x12\x0c\x12\x02\x10\x09\x12\x02\x10\x09\x12\x02\x10\x0d"; # three of OTLP
use constant OTLP_JSON => '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"traceId":"5b8efff798038103d269b633813fc60c"}]}]}]}';
my $ca = Weir::Certificates->new('ours');
my @server = $ca->make('server', names => 'IP:127.0.0.1');
my @tls = ('--tls-cert', $server[0], '--tls-key', $server[1]);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--deliver-ca', $ca->file, qw(--probe-interval 100ms --delivery-timeout 60s) ]);
my $node = $cluster->node(1);
my $client = Weir::Raw->connect($node->{ingest});

sub post ($path, $body, $type = 'application/json') {
    $client->send(request(POST => $path, $body, "Content-Type: $type"));
    return $client->answer->{status};
}
sub seen ($name, $id) { return metrics($node)->{"weir_${name}{analyzer=\"$id\"}"} // 0 }
sub url_of ($id) { return http(GET => "$node->{admin}/v1/analyzers/$id")->{json}{url} }
sub row ($id) { return (grep { $_->{id} eq $id } $cluster->cluster->{analyzers}->@*)[0] // {} }

# The only one with a share.
sub only ($id) {
    for my $other (map { $_->{id} } $cluster->cluster->{analyzers}->@*) { $cluster->patch($other, { state => $other eq $id ? 'active' : 'disabled' }) }
    wait_until { (row($id)->{share} // 0) == 1 } 20, "$id to get all";
}

my %kinds = (
    grpc => [ 'grpc://', '--grpc-listen', '127.0.0.1:0' ],
    grpcs => [ 'grpcs://', '--grpc-listen', '127.0.0.1:0', @tls ],
    packed => [ 'grpc://', '--grpc-listen', '127.0.0.1:0', '--open-deliveries' ],
    asis => [ 'grpc://', '--grpc-listen', '127.0.0.1:0', '--accepts', 'request' ],
    https => [ 'https://', '--listen-tls', '127.0.0.1:0', @tls ],
    h2c => [ 'http://', '--open-deliveries' ],
    zip => [ 'http://', '--open-deliveries' ],
);
my %again = (h2c => { }, packed => { accepts => 'packet', encoding => 'gzip' }, zip => { encoding => 'gzip' }); # registered once more, by hand
for my $id (sort keys %kinds) {
    my ($scheme, @options) = $kinds{$id}->@*;
    my $analyzer = $cluster->start_analyzer($id, 1, @options);
    $cluster->wait_known($id);
    like(url_of($id), qr{^\Q$scheme\E127\.0\.0\.1:\d+}, "$id: its URL is $scheme");
    if ($again{$id}) {
        my $url = url_of($id) =~ s/^http/h2c/r;
        is(http(PUT => "$node->{admin}/v1/analyzers/$id-too", { $again{$id}->%*, url => $url, weight => 1, ttl_ms => 600_000 })->{status}, 201, "$url may be registered");
        $id .= '-too';
        $cluster->wait_known($id);
    }
    only($id);
    is(post('/ingest', '{"messages":["a","b"]}'), 202, "$id: JSON is delivered");
    is(post('/logs', "one\ntwo\n", 'text/plain'), 202, "$id: lines are");
    is(post('/v1/logs', RECORDS, 'application/x-protobuf'), 200, "$id: OTLP protobuf is");
    is(post('/v1/logs', OTLP_JSON), 200, "$id: OTLP/JSON is");
    is(post('/ingest', OTLP_JSON), 202, "$id: so is what only looks like it");
    is(seen('delivered_messages_total', $id), 9, "$id: and all of it is counted");
    is(http(GET => "http://$analyzer->{addr}/stats")->{json}{messages}, 9, "$id: by the analyzer too");
    is(seen('batches_failed_total', $id), 0, "$id: no delivery failed");
}

is(http(PUT => "$node->{admin}/v1/analyzers/h2c-too", { url => url_of('h2c'), weight => 1, ttl_ms => 600_000 })->{status}, 200, 'another scheme at the same host and port is the same analyzer');

# ---- many at once ----

my $connections = sub () { # of the node, to that port
    my ($port) = url_of('grpc') =~ /:(\d+)$/;
    return scalar grep { / [0-9A-F]+:([0-9A-F]{4}) 01 / && hex $1 == $port } split /\n/, slurp('/proc/net/tcp');
};
only('grpc');
my $load = $cluster->begin_load(rate => 0, count => 1000, connections => 64, messages => 2);
my $most = 0;
wait_until { $most = max($most, $connections->()); seen('delivered_packets_total', 'grpc') > 300 } 60, 'packets to arrive';
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'many packets go by gRPC');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $report->{acked} } ], [], 'each arrives once');
cmp_ok($most, '<=', 2, 'over one connection, and one of the health probe');

# ---- what goes wrong ----

$cluster->analyzer('grpc')->signal('STOP');
$node->wait_log(qr/msg="analyzer does not answer its health probe" .*analyzer=grpc /, 60);
$cluster->analyzer('grpc')->signal('CONT');
$node->wait_log(qr/msg="analyzer answers again" .*analyzer=grpc /, 60);
pass('its health is asked by gRPC');
http(POST => 'http://' . $cluster->analyzer('grpc')->{addr} . '/disable', {});
wait_until { (row('grpc')->{health} // '') eq 'unreachable' || $node->log =~ /analyzer=grpc .*its health check does not say SERVING/ } 30, 'NOT_SERVING to be seen';
like($node->log, qr/analyzer=grpc .*its health check does not say SERVING/, 'one that is NOT_SERVING gets nothing');
http(POST => 'http://' . $cluster->analyzer('grpc')->{addr} . '/enable', {});

is(http(PUT => "$node->{admin}/v1/analyzers/bare", { url => url_of('asis'), weight => 1, ttl_ms => 600_000 })->{status}, 201, 'one is registered without its token');
$cluster->wait_known('bare');
only('asis');
$cluster->patch('bare', { state => 'active' });
my $refused = 0;
wait_until { $refused += post('/ingest', '{"a":1}') != 202; http(GET => "$node->{admin}/v1/overview")->{content} =~ /"error":"UNAUTHENTICATED: / } 30, 'the pool to know why';
like($node->log, qr/msg="delivery failed" .*analyzer=bare .*error="UNAUTHENTICATED: [^"]+"/, 'a refusal is told in words');
is($refused, 0, 'and its packets go to another one');
for my $bad ('grpc://127.0.0.1:1/path', 'grpc://', 'h2://127.0.0.1:1', 'grpcs://u@127.0.0.1:1') {
    is(http(PUT => "$node->{admin}/v1/analyzers/x", { url => $bad, weight => 1 })->{status}, 400, "$bad is refused");
}
done_testing;
