# The TLS port for agents, beside the plain one: what it takes, whom it refuses, and what it says to those.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my ($other_cert, $other_key) = $ca->make('other', names => 'DNS:logs.example.com');
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--listen-tls', '127.0.0.1:0',
    map({ ('--tls-cert' => $_) } $cert, $other_cert), map({ ('--tls-key' => $_) } $key, $other_key) ]);
my $node = $cluster->node(1);
my $tls = $node->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
my ($port) = $tls =~ /:(\d+)$/;

sub curl (@arguments) { return tool('curl', '-sS', '--max-time', 20, @arguments) }

sub tool ($program, @arguments) {
    state $n = 0;
    my $out = folder . '/tool.' . ++$n;
    my $process = Weir::Process->start([ $program, @arguments ], stdout => $out, may_end => 1);
    my $status = $process->wait_end(60) // die "$program does not end\n";
    return { status => $status, stdout => slurp($out), stderr => $process->log };
}

my @packet = ('-d', '{"messages":[1,2,3]}', '-w', ' %{http_code} %{http_version}');
my @ca = ('--cacert', $ca->file);

# ---- what is served ----

like(curl(@ca, @packet, '--http1.1', "https://localhost:$port/ingest")->{stdout}, qr/"messages":3\} 202 1\.1$/, 'a packet is taken, by the name in the certificate');
like(curl(@ca, @packet, "https://127.0.0.1:$port/ingest")->{stdout}, qr/ 202 /, 'and by the address in it');
like(curl(@ca, @packet, '--http2', "https://localhost:$port/ingest")->{stdout}, qr/"messages":3\} 202 2$/, 'a client that would speak HTTP/2 does so');
my $message = $ca->write('message', "\0\0\0\0\x08\x0a\x06\x12\x04\x12\x02\x10\x09");
like(curl(@ca, '--data-binary', "\@$message", '-H', 'content-type: application/grpc', '--http2', '-D', '-', '-o', '/dev/null',
    "https://localhost:$port/opentelemetry.proto.collector.logs.v1.LogsService/Export")->{stdout}, qr/^grpc-status: 0\r$/m, 'and so does one of gRPC');
like(curl(@ca, @packet, '--resolve', "logs.example.com:$port:127.0.0.1", "https://logs.example.com:$port/ingest")->{stdout}, qr/ 202 /,
    'another name has a certificate of its own');
like(curl(@packet, "http://$node->{ingest}/ingest")->{stdout}, qr/ 202 /, 'the plain port goes on');
my $large = $ca->write('large.json', '{"messages":["' . 'x' x 3_000_000 . '"]}');
like(curl(@ca, '--data-binary', "\@$large", '-w', ' %{http_code}', "https://localhost:$port/ingest")->{stdout}, qr/ 202$/, 'a packet of 3 MB is taken');
my $small = $ca->write('small.json', '{"messages":["x"]}');
like(tool('h2load', '-n', 1000, '-c', 4, '-m', 16, '-d', $small, "https://localhost:$port/ingest")->{stdout}, qr/1000 succeeded, 0 failed, 0 errored/, 'h2load: 1000 packets on 64 streams are taken');
my $many = curl(@ca, @packet, map { "https://localhost:$port/ingest" } 1 .. 20);
is(scalar(() = $many->{stdout} =~ / 202 /g), 20, 'a connection takes one packet after the other');

# ---- who does not believe it ----

my %refused = (
    'an unknown authority' => [ [], 'localhost', qr/unable to get local issuer|self.signed/ ],
    'a wrong name' => [ \@ca, 'wrong.example.com', qr/no alternative certificate subject name|does not match/ ],
);
for my $case (sort keys %refused) {
    my ($options, $name, $why) = @{ $refused{$case} };
    my $run = curl(@$options, @packet, '--resolve', "$name:$port:127.0.0.1", "https://$name:$port/ingest");
    isnt($run->{status}, 0, "a client refuses $case");
    like($run->{stderr}, $why, 'and says so');
}
$node->wait_log(qr/msg="TLS handshake failed" .*client=127\.0\.0\.1:\d+ reason="?[^"]*unknown ca/);
pass('the node logs what the client said');

# ---- the wrong port ----

my $plain = curl(@packet, "http://$tls/ingest");
like($plain->{stdout}, qr/"code":"spoke_plain".* 400 1\.1$/s, 'a plain request to the TLS port gets a plain 400');
like($plain->{stdout}, qr/use an https:\/\/ URL/, 'which says what to do');
$node->wait_log(qr/msg="request refused" .*reason=spoke_plain/);
isnt(curl(@ca, @packet, "https://$node->{ingest}/ingest")->{status}, 0, 'TLS on the plain port fails at once');
$node->wait_log(qr/msg="request refused" .*reason=spoke_tls/);
pass('and both are logged');

# ---- a scan ----

sub s_client (@options) { return tool('sh', '-c', 'exec openssl s_client -connect "$0" "$@" </dev/null', $tls, @options) }
for my $version (qw(tls1 tls1_1)) {
    isnt(s_client("-$version", '-cipher', 'ALL:@SECLEVEL=0')->{status}, 0, "$version is not spoken");
}
for my $version (qw(tls1_2 tls1_3)) {
    my $run = s_client("-$version");
    is($run->{status}, 0, "$version is spoken");
    like($run->{stdout}, qr/Secure Renegotiation IS|TLSv1\.3/, 'as it should be');
}
my @all = split /:/, tool(qw(openssl ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0))->{stdout} =~ s/\s+\z//r;
my @weak = grep { !/^TLS_|^ECDHE-.*(?:GCM|CHACHA20)/ } @all;
cmp_ok(scalar @weak, '>', 20, scalar(@weak) . ' weak ciphers are known to openssl');
isnt(s_client('-tls1_2', '-cipher', join(':', @weak) . ':@SECLEVEL=0')->{status}, 0, 'and none of them is spoken');
my $run = s_client('-tls1_2', '-alpn', 'http/1.1,h2');
like($run->{stdout}, qr/ALPN protocol: h2$/m, 'ALPN agrees on h2 where it is offered');
like(s_client('-tls1_2', '-alpn', 'x,http/1.1')->{stdout}, qr/ALPN protocol: http\/1\.1/, 'and else on http/1.1');
like($run->{stdout}, qr/TLS session ticket:/, 'sessions have tickets');
my $again = tool('sh', '-c', 'openssl s_client -connect "$0" -tls1_2 -sess_out "$1" </dev/null >/dev/null 2>&1; exec openssl s_client -connect "$0" -tls1_2 -sess_in "$1" </dev/null',
    $tls, folder . '/session');
like($again->{stdout}, qr/^Reused, TLSv1\.2/m, 'by which they are resumed');
my $renegotiated = tool('sh', '-c', '(echo R; sleep 1) | openssl s_client -connect "$0" -tls1_2', $tls);
like($renegotiated->{stderr}, qr/no renegotiation|handshake failure|ssl.*error/i, 'renegotiation is refused');

my $metrics = metrics($node);
cmp_ok($metrics->{'weir_tls_handshakes_total{result="full"}'}, '>=', 6, 'handshakes are counted');
cmp_ok($metrics->{'weir_tls_handshakes_total{result="resumed"}'}, '>=', 1, 'by what they were');
cmp_ok($metrics->{'weir_tls_handshakes_total{result="plain"}'}, '==', 1, 'also those that were none');
my $days = ($metrics->{'weir_tls_certificate_expiry_timestamp_seconds{of="ingest"}'} - time) / 86400;
cmp_ok(abs($days - 60), '<', 1, 'the end of the certificate is known');
is($metrics->{'weir_tls_certificate_expiry_timestamp_seconds{of="admin"}'}, 0, 'and 0 where there is none');
is($node->end, 0, 'the node ends well');
done_testing;
