# Clients with certificates: who is let in at the TLS ports, and by what name logs, metrics, refusals and events know them.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my $strangers = Weir::Certificates->new('strangers');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my %agent = (
    listed => [ $ca->make('agent-7') ],
    below => [ $ca->make('below', cn => 'x.agents.example.com') ],
    unlisted => [ $ca->make('someone') ],
    revoked => [ $ca->make('revoked', cn => 'agent-7') ],
    expired => [ $ca->make('expired', cn => 'agent-7', from => -9, until => -1) ],
    foreign => [ $strangers->make('foreign', cn => 'agent-7') ],
    nobody => [],
);
$ca->revoke('revoked');
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key,
    '--tls-client-ca', $ca->file, '--tls-client-crl', $ca->crl, '--tls-min', '1.3', '--tls-client-names', 'agent-7,*.agents.example.com', '--ingest-token', 'a-token-of-some-length',
    '--admin-listen-tls', '127.0.0.1:0', '--admin-tls-client-ca', $ca->file, '--admin-tls-client-verify', 'optional' ]);
my $node = $cluster->node(1);
my $ingest = 'https://' . $node->wait_log(qr/component=node msg="listening with TLS" .*addr=(\S+)/);
my $admin = 'https://' . $node->wait_log(qr/component=admin msg="listening with TLS" .*addr=(\S+)/);

# The status and the body, or '' and what curl says.
sub ask_as ($who, $url, @more) {
    state $n = 0;
    my $out = folder . '/curl.' . ++$n;
    my ($cert, $key) = $agent{$who}->@*;
    my $process = Weir::Process->start([ qw(curl -sS --max-time 20 -w), '%{http_code} ', '-o', "$out.body", '--cacert', $ca->file,
        ($cert ? ('--cert', $cert, '--key', $key) : ()), @more, $url ], stdout => $out, may_end => 1);
    my $status = $process->wait_end(60) // die "curl does not end\n";
    return $status == 0 ? slurp($out) . slurp("$out.body") : "000 $status " . $process->log;
}
sub post_as ($who, @more) { return ask_as($who, "$ingest/ingest", '-d', '{"messages":[1,2]}', @more) }
my @token = ('-H', 'Authorization: Bearer a-token-of-some-length');

# ---- agents ----

like(post_as('listed'), qr/^202 /, 'the certificate of a listed name stands for a token');
like(post_as('below'), qr/^202 /, 'and so does one of a pattern');
like(post_as('listed', '--http2', '-D', '-'), qr{^HTTP/2 202 }, 'also by HTTP/2');
my $message = $ca->write('message', "\0\0\0\0\x08\x0a\x06\x12\x04\x12\x02\x10\x09");
sub call_as ($who) { return ask_as($who, "$ingest/opentelemetry.proto.collector.logs.v1.LogsService/Export", '--http2', '-D', '-', '-H', 'content-type: application/grpc', '--data-binary', "\@$message") }
like(call_as('listed'), qr/^grpc-status: 0\r$/m, 'and by gRPC');
like(call_as('unlisted'), qr/^grpc-status: 16\r$/m, 'another name needs a token there');
like(post_as('unlisted'), qr/^401 /, 'and by HTTP');
like(post_as('unlisted', @token), qr/^202 /, 'and is let in with it');
like(post_as($_), qr/^000 .*(?:alert|reset|eof|closed)/i, "refused: $_") for qw(nobody expired foreign revoked);
like(post_as('listed', '--tls-max', '1.2'), qr/^000 .*protocol version/i, 'with --tls-min 1.3 TLS 1.2 is not spoken');
for my $why ('certificate revoked', 'certificate has expired', 'unable to get local issuer certificate', 'peer did not return a certificate') {
    $node->wait_log(qr/msg="TLS handshake failed" .*client=127\.0\.0\.1:\d+ reason="[^"]*\Q$why/);
    pass("logged: $why");
}

# ---- by what name they are known ----

$node->wait_log(qr/msg="request refused" .*reason=unauthorized .*name=someone/);
pass('the log of a refusal has the name');
my $metrics = metrics($node);
is($metrics->{'weir_ingest_token_requests_total{name="agent-7"}'}, 3, 'metrics count its requests');
is($metrics->{'weir_ingest_token_requests_total{name="*.agents.example.com"}'}, 1, 'also by the pattern');
cmp_ok($metrics->{'weir_tls_handshakes_total{result="failed"}'}, '>=', 4, 'and handshakes that failed');
my $refused;
wait_until { ($refused) = grep { ($_->{token} // '') eq 'someone' } @{ http(GET => "$node->{admin}/v1/refusals")->{json}{refusals} // [] } } 10, 'the refusal to be told';
is($refused->{code} // $refused->{reason}, 'unauthorized', 'what agents are refused is told with its name');

# ---- the admin port ----

like(ask_as('nobody', "$admin/livez"), qr/^200 /, 'the admin port speaks TLS, and where a certificate is optional needs none');
like(ask_as('unlisted', "$admin/v1/analyzers/a1", '-X', 'PATCH', '-H', 'Content-Type: application/json', '-d', '{"weight":2}'), qr/^200 /, 'a client with one changes a weight');
my @events = @{ http(GET => "$node->{admin}/v1/events")->{json}{events} };
ok((grep { ($_->{by} // '') =~ /\(someone\)/ } @events), 'and the event has its name') or diag(map { ($_->{by} // '') . "\n" } @events);
like(ask_as('foreign', "$admin/livez"), qr/^000 /, 'a certificate of strangers is refused all the same');
like(ask_as('nobody', $admin =~ s/^https/http/r . '/livez'), qr/^400 .*spoke_plain/, 'plain HTTP gets a plain 400 there, too');
like(ask_as('nobody', $node->{admin} =~ s/^http/https/r . '/livez'), qr/^000 /, 'TLS is refused at the plain admin port');
like(ask_as('nobody', "$admin/", '-H', 'Accept: text/html'), qr/<html/i, 'the page comes by TLS');
is($node->end, 0, 'the node ends well');
done_testing;
