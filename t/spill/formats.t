# A packet in any format keeps its bytes, its format, its path and its query in the spill and among dead letters. People can
# read them there, and analyzers get them as if they had come just now. So do entries that an older Weir has written.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Base qw(slurp);
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--spill-after', '100ms' ]);
my ($redis, $node) = ($cluster->redis, $cluster->node(1));
my ($spill, $dead) = ('weir:{default}:spill', 'weir:{default}:dead');
my $ctl = sub (@words) { run('weirctl', '--redis', $redis->url, @words)->{stdout} };
my $entries = sub ($kind) { http(GET => "$node->{admin}/v1/$kind?limit=50")->{json}{entries} };
my $expected = decode_json(slurp("$Bin/../wire/expected.json"));
my @names = qw(otlp-proto-gzip-prefix.req hec-raw.req text-lines.req msgpack-maps.req bulk-put-gzip.req json-array.req);
my $n_messages = 0;

for my $name (@names) {
    my $raw = Weir::Raw->connect($node->{ingest});
    $raw->send(slurp("$Bin/../wire/$name"));
    like($raw->answer->{status}, qr/^20[02]$/, "$name is taken");
    $n_messages += $expected->{$name}{messages};
}
my %by_format = map { $_->{format} => $_ } @{ $entries->('spill') };
is(join(' ', sort keys %by_format), 'bulk hec-raw json msgpack otlp-proto text', 'each waits in the format that it came in');
like($by_format{'otlp-proto'}{path}, qr{^/.+/v1/logs$}, 'with the path of its request, prefix and all');
like($by_format{'hec-raw'}{query}, qr/=/, 'and its query');
is($by_format{json}{path}, '/ingest', 'plain JSON came to /ingest');
is($ctl->('spill', 'show', $by_format{text}{entry}), (split /\r\n\r\n/, slurp("$Bin/../wire/text-lines.req"), 2)[1], 'weirctl shows text as it came');
ok(decode_json($ctl->('spill', 'show', $by_format{'otlp-proto'}{entry}))->{resourceLogs}, 'and protobuf in its JSON form');
ok(http(GET => "$node->{admin}/v1/spill/$by_format{msgpack}{entry}")->{json}{body}{messages}, 'so does the API with msgpack');
like($ctl->('spill', 'list'), qr/ otlp-proto +-$/m, 'a list says the formats');

$redis->command(XADD => $spill, '*', id => '', type => 'application/json', messages => 2, received_ms => 1, node => 'n0', body => '[{"old":1},{"old":2}]');
$redis->command(XADD => $dead, '*', reason => 'status 400', analyzer => 'a9', node => 'n0', messages => 1, id => '', received_ms => 1,
    type => 'text/plain', path => '/services/collector/raw', query => 'host=h7', format => 'hec-raw', body => 'a letter');
is($ctl->('dead', 'show', $entries->('dead')->[0]{entry}), 'a letter', 'a dead letter is shown so, too');
like($ctl->('dead', 'replay', 'all'), qr/replayed 1 packet$/m, 'and replayed');
$redis->command(XADD => $spill, '*', format => 'msgpack', type => '', messages => 1, received_ms => 1, node => 'n0', body => "\xc1");
$cluster->start_analyzer('a1', 1);
wait_until { $redis->command(XLEN => $spill) == 0 } 20, 'the spill to be empty';
my $record = slurp($cluster->{records}[0][1]);
is(metrics($node)->{weir_delivered_messages_total}, $n_messages + 3, 'all messages are delivered');
like($record, qr/\{"old":1\},\{"old":2\}/, 'what an older Weir stored is JSON');
like($record, qr/"a letter".*h7|h7.*"a letter"/, 'a letter has what its query says');
like($record, qr/resourceLogs/, 'protobuf is delivered as JSON');
my ($bad) = @{ $entries->('dead') };
is("$bad->{reason}, $bad->{format}", 'its body is not msgpack, msgpack', 'what is not in its format becomes a dead letter');
is(http(GET => "$node->{admin}/v1/dead/$bad->{entry}")->{json}{body_hex}, 'c1', 'which is shown in hex');
done_testing;
