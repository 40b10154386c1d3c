# Nodes prove to an analyzer who they are: with the token that it named when it registered, which nobody is shown.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use Weir::FakeServer;
use Weir::Test;
use Weir::Tokens;

alarm 300;
my $redis = Weir::Redis->new;
my $node = node($redis, '--probe-interval', '100ms');
sub delivered () { return http(POST => "$node->{ingest}/ingest", { messages => ['m'] })->{headers}{'weir-analyzer'} // '' }

# ---- weir-analyzer ----

sub start (@options) {
    my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--register', $node->{admin}, @options ]);
    $analyzer->{url} = 'http://' . $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
    $analyzer->wait_log(qr/to=active/);
    return $analyzer;
}
my $listen = '127.0.0.1:' . free_port;
my $analyzer = start('--listen', $listen);
wait_until { delivered() eq 'a1' } 10, 'a delivery';
is(delivered(), 'a1', 'weir-analyzer takes deliveries of a node');
my $direct = http(POST => "$analyzer->{url}/ingest", { messages => ['m'] });
is("$direct->{status} $direct->{json}{code}", '401 delivery_token', 'and of nobody else');
$direct = http(POST => "$analyzer->{url}/ingest", { messages => ['m'] }, Authorization => 'Bearer 0123456789abcdef0123456789abcdef');
is($direct->{status}, 401, 'nor with a token that somebody made up');
is(http(GET => "$analyzer->{url}/health")->{status}, 200, 'health checks need none');
my ($secret) = $redis->command('HGET', 'weir:{default}:info', 'a1') =~ /"delivery_token":"([0-9a-f]{32})"/;
ok($secret, 'the token is random, and kept with the registration');
is(http(POST => "$analyzer->{url}/ingest", { messages => ['m'] }, Authorization => "Bearer $secret")->{status}, 200, 'and opens the port');

$analyzer->kill_now;
my $again = start('--listen', $listen, '--delivery-token', 'a-token-of-its-own');
wait_until { delivered() eq 'a1' } 20, 'a delivery';
is(http(POST => "$again->{url}/ingest", { messages => ['m'] }, Authorization => "Bearer $secret")->{status}, 401, 'a process that comes after it has another token');
is(http(GET => "$node->{admin}/v1/dead")->{json}{total} // 0, 0, 'and no packet was called bad in between');

# ---- another analyzer, whose requests are looked at ----

my $seen = folder() . '/seen';
my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    my ($bearer) = $Weir::FakeServer::head =~ /^Authorization: (.*)\r$/m;
    my ($tenant) = $Weir::FakeServer::head =~ /^X-Scope-OrgID: (.*)\r$/m;
    my $json = '';
    gunzip(\$body, \$json) if $Weir::FakeServer::head =~ /^Content-Encoding: gzip\r$/m;
    my $packed = $json =~ /"messages"/ ? ' gzip' : '';
    open my $out, '>>', $seen or die "$seen: $!";
    print $out "$path ", $bearer // 'none', $tenant ? " of $tenant" : '', "$packed\n";
    return {};
});
sub seen ($path) { return -e $seen ? (slurp($seen) =~ /^\Q$path\E (.*)$/mg)[-1] // '' : '' }
$again->end;
my %at = (url => $server->url('/x/ingest'), weight => 1, ttl_ms => 600000);
is(ask(PUT => "$node->{admin}/v1/analyzers/a2", { %at, delivery_token => 'token-number-one-of-a2' })->{status}, 201, 'any analyzer may name a token');
wait_until { delivered() eq 'a2' && seen('/x/ingest') eq 'Bearer token-number-one-of-a2' } 10, 'a delivery with it';
pass('deliveries come with it');
wait_until { seen('/x/health') eq 'Bearer token-number-one-of-a2' } 10, 'a probe with it';
pass('and health probes');
is(ask(PATCH => "$node->{admin}/v1/analyzers/a2", { weight => 2 })->{status}, 200, 'its weight is changed');
delivered();
is(seen('/x/ingest'), 'Bearer token-number-one-of-a2', 'the token stays');
$redis->command('FLUSHALL');
wait_until { ask(GET => "$node->{admin}/v1/analyzers/a2")->{status} == 200 } 20, 'the node to bring it back';
wait_until { delivered() eq 'a2' } 10, 'a delivery';
is(seen('/x/ingest'), 'Bearer token-number-one-of-a2', 'also when Redis has lost everything');
is(ask(PUT => "$node->{admin}/v1/analyzers/a2", { %at, delivery_token => 'token-number-two-of-a2' })->{status}, 200, 'it registers with another one');
wait_until { delivered() eq 'a2' && seen('/x/ingest') eq 'Bearer token-number-two-of-a2' } 10, 'a delivery with that';
pass('which is used from then on');
is(ask(PUT => "$node->{admin}/v1/analyzers/a2", \%at)->{status}, 200, 'it registers without');
wait_until { delivered() eq 'a2' && seen('/x/ingest') eq 'none' } 10, 'a delivery without';
pass('then none is sent');
is(ask(PUT => "$node->{admin}/v1/analyzers/a2", { %at, encoding => 'gzip', headers => { Authorization => 'Splunk token-number-three', 'X-Scope-OrgID' => 'shop' } })->{status}, 200,
    'it registers with headers of its own, and takes gzip');
wait_until { delivered() eq 'a2' && seen('/x/ingest') eq 'Splunk token-number-three of shop gzip' } 10, 'a delivery with these';
wait_until { seen('/x/health') eq 'Splunk token-number-three of shop' } 10, 'a probe with them';
pass('deliveries and probes come with them, and deliveries by gzip');
is_deeply([ sort @{ ask(GET => "$node->{admin}/v1/analyzers/a2")->{json}{headers} } ], [ 'Authorization', 'X-Scope-OrgID' ], 'their names are shown');
for my $bad ({ Host => 'x' }, { 'Transfer-Encoding' => 'chunked' }, { 'X-A' => "x\r\nX-B: y" }, { "X-A: y\r\nX-B" => 'x' }, { 'X-A' => '' }, { 'X-A' => 17 }, ['X-A'], { map { ("X-$_" => 'x') } 1 .. 17 },
    { 'X-A' => 'x' x 4001 }, { 'x-a' => 1, 'X-A' => 2 }) {
    is(ask(PUT => "$node->{admin}/v1/analyzers/a3", { %at, headers => $bad })->{status}, 400, 'what is no header is refused');
}
is(ask(PUT => "$node->{admin}/v1/analyzers/a3", { %at, delivery_token => 'token-number-two-of-a2', headers => { authorization => 'Basic YTpi' } })->{status}, 400, 'and a token beside one');
for my $bad ('short', 'x' x 129, "a-token-with\r\nX: y-in-it", 'a token with blanks', 17) {
    is(ask(PUT => "$node->{admin}/v1/analyzers/a3", { %at, delivery_token => $bad })->{status}, 400, 'what is no token is refused');
}
is(ask(PUT => "$node->{admin}/v1/analyzers/a2", { %at, delivery_token => 'token-number-two-of-a2' })->{status}, 200, 'with one again');
my $shown = join "\n", $node->log, $analyzer->log, $again->log, run('weirctl', '--redis', $redis->url, 'status')->{stdout},
    map { ask(GET => "$node->{admin}$_")->{content} } qw(/v1/cluster /v1/analyzers /v1/analyzers/a2 /v1/overview /v1/events /stats /metrics);
unlike($shown, qr/\Q$secret\E|a-token-of-its-own|token-number/, 'and nothing shows any of them');
done_testing;
