# node/openapi.yaml says what the admin port serves: every route, and every answer that is documented is had from a running node.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP;
use Test::More;
use Weir::Cluster;
use Weir::Openapi;
use Weir::Routes;
use Weir::Test;

alarm 450;
my $api = Weir::Openapi->read("$Bin/../../node/openapi.yaml");
my %op = map { $_->{operationId} => $_ } $api->operations;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--spill-max-bytes', '64KiB' ]);
my ($node, $redis) = ($cluster->node(1), $cluster->redis);
my %seen; # operation and status, operation and type

my $index = http(GET => "$node->{admin}/")->{content};
my @routes = sort('GET /', map { s/ +/ /r } grep { m{^[A-Z]+ +/} } split /\n/, $index);
is_deeply([ sort map {"$_->{method} $_->{path}"} values %op ], \@routes, 'the document has all routes, and no other');
sub class ($route) {
    my ($nobody, $register) = @{ $admin_routes{$route} }[ 0, 3 ];
    return $nobody != 401 ? 'open' : $register == 401 ? 'admin' : $route =~ /^GET/ ? 'read' : 'register';
}
is_deeply({ map { ("$_->{method} $_->{path}" => $_->{access}) } values %op }, { map { $_ => class($_) } @routes },
    'and says who may use each');
my $served = http(GET => "$node->{admin}/v1/openapi.yaml");
is($served->{content}, slurp("$Bin/../../node/openapi.yaml"), 'the node serves this very document');
is($served->{headers}{'content-type'}, 'application/yaml', 'as what it is');

my @examples = $api->examples;
cmp_ok(scalar @examples, '>', 5, 'there are examples');
is_deeply([ map { $api->check($_->{example}, $_->{schema}, '', 1) } @examples ], [], 'which are as the schemas have them');

sub call ($id, $status, $hole = '', $body = undef, $query = '', %headers) {
    my $op = $op{$id};
    my $answer = http($op->{method} => $node->{admin} . ($op->{path} =~ s/\{\}/$hole/r) . $query, $body, %headers);
    my $type = $answer->{headers}{'content-type'};
    my $as = $op->{responses}{$status}{content}{$type} // $op->{responses}{default}{content}{$type};
    my $title = "$op->{method} $op->{path}$query: $status";
    is($answer->{status}, $status, $title) or diag($answer->{content});
    $seen{"$id $status"}++ if $op->{responses}{$status};
    $seen{"$id $type"}++;
    return fail("$title: $type is not documented") if !$as;
    is_deeply([ $api->check($type =~ /json/ ? $answer->{json} : "$answer->{content}", $as->{schema}) ], [], "$title is as documented");
    for my $name (keys %{ $op->{responses}{$status}{headers} // {} }) {
        is_deeply([ $api->check($answer->{headers}{ lc $name }, $op->{responses}{$status}{headers}{$name}{schema}) ], [], "$title: $name");
    }
    return $answer;
}

for (1 .. 30) { http(POST => "http://$node->{ingest}/ingest", { messages => [ 1, 2 ] }) }
http(POST => "http://$node->{ingest}/ingest", '{');
http(PATCH => "$node->{admin}/v1/analyzers/a1", { fault => 'slow:1' });
$redis->script('bury', 'default', $_, 2, 'a1', 422, 'n1', 1e6, 'p', 'application/json', 1767323045678) for '{"a":1}', 'x';
my @dead = map { $_->[0] } @{ $redis->command('XRANGE', 'weir:{default}:dead', '-', '+') };
my %at = (url => 'http://127.0.0.1:9/x', weight => 1, instance => 'i1', ttl_ms => 600000, started_ms => 2000);
wait_until { (http(GET => "$node->{admin}/v1/overview")->{json}{nodes} // [])->[0]{uptime_s} } 15, 'the node to report';

call($_, 200) for qw(getIndex getLivez getHealthz getReadyz getHealth getMetrics getMetricsJson getStats getQueue getAnalyzerStats getOpenapi
    getCluster getOverview getHistory getEvents getNodes getConfig getRefusals listAnalyzers listSpill listDead);
call($_->[0], 200, '', undef, '', Accept => $_->[1]) for [ 'getIndex', 'text/html' ], [ 'getMetrics', 'application/openmetrics-text' ];
call('getReadyz', 200, '', undef, '?verbose');
call('getAsset', 200, $_) for 'style.css', 'chart.min.js', 'runbook.md', map { m{/([^/]+\.svg)$} } glob "$Bin/../../node/dashboard/*.svg";
call('getAsset', 404, 'x');
my $tag = http(GET => "$node->{admin}/assets/style.css")->{headers}{etag};
is(http(GET => "$node->{admin}/assets/style.css", undef, 'If-None-Match' => $tag)->{status}, 304, 'a file that is known is not sent again');
$seen{'getAsset 304'}++;
$seen{"$_ 503"}++ for qw(getLivez getHealthz);    # a worker that hangs: t/node/hangs.t
call('getAnalyzer', @$_) for [ 200, 'a1' ], [ 404, 'a9' ];
call('getNode', @$_) for [ 200, 'n1' ], [ 404, 'n9' ];
call('getHistory', 200, '', undef, "?range=$_") for qw(10m 1h 6h);
call('getHistory', 400, '', undef, '?range=1d');
call('registerAnalyzer', @$_) for [ 201, 'a2', \%at ], [ 200, 'a2', \%at ], [ 400, 'a2', {} ], [ 403, 'a2', { %at, url => 'http://8.8.8.8/' } ],
    [ 409, 'a2', { %at, instance => 'i0', started_ms => 1000 } ], [ 413, 'a2', { %at, more => 'x' x 70000 } ];
call('beat', @$_) for [ 200, 'a2', { instance => 'i1', processed => 5 } ], [ 400, 'a2', {} ], [ 404, 'a9', { instance => 'i1' } ], [ 409, 'a2', { instance => 'i0' } ];
call('changeAnalyzer', @$_) for [ 200, 'a2', { state => 'disabled', fault => undef } ], [ 400, 'a2', {} ], [ 404, 'a9', { weight => 1 } ],
    [ 412, 'a2', { weight => 2 }, '', 'If-Match' => '"0"' ], [ 403, 'a2', { weight => 2 }, '', Origin => 'http://evil.test' ];
call('deregisterAnalyzer', @$_) for [ 409, 'a2', { instance => 'i0' } ], [ 400, 'a2', {} ], [ 200, 'a2', { instance => 'i1' } ], [ 404, 'a2', { instance => 'i1' } ];
call('getDeadEntry', @$_) for [ 200, $dead[0] ], [ 200, $dead[1] ], [ 404, '1-1' ], [ 400, 'x' ];
call($_, 400, '', undef, '?limit=0') for qw(listDead listSpill);
call($_, 400, '', {}) for qw(replayDead purgeDead);
call('purgeDead', 200, '', { entries => [ $dead[1] ] });
run('weirctl', '--redis', $redis->url, 'disable', 'a1'); # so that nothing leaves the spill
wait_until { !http(GET => "$node->{admin}/v1/cluster")->{json}{analyzers}[0]{share} } 10, 'nobody to take anything';
call('replayDead', 200, '', { all => JSON::PP::true });
my $spill = call('listSpill', 200)->{json};
call('getSpillEntry', @$_) for [ 200, $spill->{entries}[0]{entry} ], [ 404, '1-1' ], [ 400, 'x' ];

# A stream has no end: it is read until it has shown both kinds of events.
my $stream = '';
HTTP::Tiny->new->get("$node->{admin}/v1/events", { headers => { Accept => 'text/event-stream' },
    data_callback => sub ($data, $answer) { die if ($stream .= $data) =~ /^event: event\n.*^event: overview\ndata: .*\n\n/ms } });
my ($event, $overview) = map { $stream =~ /^event: $_\n(?:id: .*\n)?data: (.*)\n/m && decode_json($1) } qw(event overview);
is_deeply([ $api->check($event, { '$ref' => '#/components/schemas/Event' }) ], [], 'an event of the stream is as documented');
is_deeply([ $api->check($overview, { '$ref' => '#/components/schemas/Overview' }) ], [], 'and so is its overview');
$seen{'getEvents text/event-stream'}++;
# Unready: nobody takes anything, and Redis is gone.
$redis->kill_now;
wait_until { http(POST => "http://$node->{ingest}/ingest", [1]) && http(GET => "$node->{admin}/readyz")->{status} == 503 } 20, 'unready';
call($_, 503) for qw(getReadyz getHealth getCluster listDead);
for my $op (map { $op{$_} } sort keys %op) {
    my @all = (grep({ $_ ne 'default' } sort keys %{ $op->{responses} }), sort keys %{ $op->{responses}{200}{content} });
    is_deeply([ grep { !$seen{"$op->{operationId} $_"} } @all ], [], "$op->{operationId}: every documented status and type was seen");
}
done_testing;
