# OTLP by gRPC at the ingest port, and health by gRPC: with curl, which tells the status behind an answer, and frame by frame.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Compress::Gzip qw(gzip);
use MIME::Base64 ();
use Test::More;
use Weir::Grpc;
use Weir::Http2;
use Weir::Input;
use Weir::Test;

alarm 300;
use constant { EXPORT => '/opentelemetry.proto.collector.logs.v1.LogsService/Export', HEALTH => '/grpc.health.v1.Health', SERVICE => 'opentelemetry.proto.collector.logs.v1.LogsService', TOKEN => 'a-token-of-some-length' };
use constant RECORDS => "\x0a\x0e\x12\x0c\x12\x02\x10\x09\x12\x02\x10\x09\x12\x02\x10\x0d"; # three of them
my $input = Weir::Input->start('--max-body', '100kB', '--body-timeout', '5s', '--spill-max-bytes', 0, '--ingest-token', TOKEN);
$input->{token} = TOKEN;
my $node = $input->node;
my @allowed = ('-H', 'authorization: Bearer ' . TOKEN);

sub ask ($path, $body, @arguments) { return by_h2("http://$node->{ingest}$path", $body, @arguments) }
sub export ($message, @more) { return ask(EXPORT, $message, CALL, @allowed, @more) }

# ---- packets ----

my $answer = export(message(RECORDS));
is_deeply([ @$answer{qw(http content-type body grpc-status weir-analyzer)} ], [ 200, 'application/grpc', message(''), 0, 'a1' ], 'a packet is taken');
gzip(\(my $bytes = RECORDS), \my $packed);
is(export(message($packed, 1), '-H', 'grpc-encoding: gzip')->{'grpc-status'}, 0, 'and one in gzip');
is(export(message(RECORDS), '-H', 'grpc-encoding: gzip')->{'grpc-status'}, 0, 'whose flag says that it is not compressed');
is(export(message(''), '-H', 'grpc-encoding: identity')->{'grpc-status'}, 0, 'and one without a record, which goes nowhere');
$input->accepted(3);
my $client = Weir::Http2->connect($node->{ingest});
$client->send(headers(1, EXPORT, 0, 'content-type' => 'application/grpc+proto', authorization => 'Bearer ' . TOKEN), map { data(1, $_) } split //, message(RECORDS));
$client->send(data(1, '', END_STREAM));
my $got = $client->next_frame(DATA, 1);
is_deeply([ @$got{qw(flags payload)} ], [ 0, message('') ], 'one that comes byte by byte has a message');
is($client->next_frame(HEADERS, 1)->{flags} & END_STREAM, 0, 'behind its header section');
is($client->next_frame(HEADERS, 1)->{flags} & END_STREAM, END_STREAM, 'and its status at the end');
$input->accepted(1);
my $metrics = metrics($node);
is($metrics->{qq(weir_format_$_->[0]_total{format="otlp-grpc"})}, $_->[1], "$_->[1] $_->[0] are counted") for [ packets => 4 ], [ messages => 12 ];
is($metrics->{qq(weir_format_packets_total{format="otlp-proto"})}, 0, 'as what came by gRPC');

# ---- refusals: each is an answer of gRPC ----

sub refused ($answer, $code, $reason, $why) {
    is_deeply([ @$answer{qw(http grpc-status body)} ], [ 200, $code, '' ], $why);
    $input->refused($reason);
}

refused(export(message("\x0a\x05\x12")), 3, 'bad_format', 'what is no protobuf: INVALID_ARGUMENT');
refused(export(message($packed =~ s/.{9}\z//sr, 1), '-H', 'grpc-encoding: gzip'), 3, 'bad_encoding', 'gzip that is cut off: INVALID_ARGUMENT');
refused(export($_->[0]), 13, 'grpc_frame', "$_->[1]: INTERNAL")
    for [ "\2", 'no flag' ], [ message(RECORDS) . message(RECORDS), 'two messages' ], [ substr(message(RECORDS), 0, 9), 'a message that is cut off' ], [ message(RECORDS, 1), 'compressed by nothing' ];
refused(export(pack('CN', 0, 100_001)), 8, 'body_too_large', 'an announced length that is too large: RESOURCE_EXHAUSTED');
refused(ask(EXPORT, message(RECORDS), CALL), 16, 'unauthorized', 'no token: UNAUTHENTICATED');
refused(ask("/opentelemetry.proto.collector.$_", message(''), CALL, @allowed), 12, 'unknown_call', "$_: UNIMPLEMENTED") for 'trace.v1.TraceService/Export', 'logs.v1.LogsService/Import';
for my $coding (qw(snappy zstd deflate)) {
    my $answer = export(message(RECORDS, 1), '-H', "grpc-encoding: $coding");
    refused($answer, 12, 'grpc_encoding', "$coding: UNIMPLEMENTED");
    is($answer->{'grpc-accept-encoding'}, 'identity,gzip', 'and what is taken is named');
}
refused(export(message(RECORDS), '-H', 'grpc-timeout: soon'), 3, 'bad_header', 'a timeout that is none: INVALID_ARGUMENT');
refused(export(message(RECORDS), '-H', 'grpc-timeout: 1n'), 4, 'deadline', 'a deadline that has passed: DEADLINE_EXCEEDED');
refused(export(message(RECORDS), '-H', 'x: ' . 'x' x 20_000), 8, 'header_too_large', 'a header section that is too large: RESOURCE_EXHAUSTED');
is(ask($_->[0], message(RECORDS), @{ $_->[1] })->{http}, 415, "$_->[2] is refused by HTTP")
    for [ EXPORT, [ CALL, '--http1.1' ], 'HTTP/1.1' ], [ '/v1/logs', [ CALL, @allowed, '--http1.1' ], 'gRPC at a path of HTTP' ], [ EXPORT, [ '-H', 'content-type: application/grpc-web' ], 'gRPC-Web' ];
$input->refused('grpc_over_http1', 3);
$client->send(headers(3, EXPORT, 0, 'content-type' => 'application/grpc', authorization => 'Bearer ' . TOKEN, 'grpc-timeout' => '50m'), data(3, substr message(RECORDS), 0, 9));
is($client->next_frame(HEADERS, 3)->{flags} & END_STREAM, END_STREAM, 'a deadline passes while the message is on its way');
$input->refused('deadline');
is(metrics($node)->{'weir_format_refusals_total{format="otlp-grpc",reason="deadline"}'}, 2, 'and is counted for its format');

# ---- health ----

sub check ($service) { return ask(HEALTH . '/Check', message($service eq '' ? '' : pack 'CC/a*', 0x0a, $service), CALL) }
is_deeply([ @{ check($_) }{qw(body grpc-status)} ], [ message("\x08\x01"), 0 ], "health of '$_': SERVING, without a token") for '', SERVICE;
refused(check('shop'), 5, 'unknown_service', 'of another service: NOT_FOUND');
my $watch = Weir::Http2->connect($node->{ingest});
$watch->send(headers(1, HEALTH . '/Watch', 0, 'content-type' => 'application/grpc'), data(1, message(''), END_STREAM));
is($watch->next_frame(DATA, 1)->{payload}, message("\x08\x01"), 'a watch is told SERVING');
$watch->send(headers(3, HEALTH . '/Watch', 0, 'content-type' => 'application/grpc', 'grpc-timeout' => '100m'), data(3, message("\x0a\x01x"), END_STREAM));
is($watch->next_frame(DATA, 3)->{payload}, message("\x08\x03"), 'one of another service: SERVICE_UNKNOWN');
$watch->next_frame(HEADERS, 3);
is($watch->next_frame(HEADERS, 3)->{flags} & END_STREAM, END_STREAM, 'and ends with its deadline');

# ---- no analyzer ----

$input->{cluster}->analyzer('a1')->end;
my ($busy, $n) = (undef, 0);
wait_until { $busy = export(message(RECORDS)); $busy->{'grpc-status'} == 14 ? $input->refused('no_analyzer') : $input->accepted(1); $busy->{'grpc-status'} == 14 } 30, 'no analyzer to be there';
is($busy->{'grpc-message'}, 'No analyzer can take this packet now.', 'no analyzer: UNAVAILABLE');
like(MIME::Base64::decode_base64($busy->{'grpc-status-details-bin'}), qr{^\x08\x0e\x12.*\x1a.*google\.rpc\.RetryInfo\x12\x04\x0a\x02\x08[\1-\3]$}s, 'with the time after which it may go well');
is($watch->next_frame(DATA, 1)->{payload}, message("\x08\x02"), 'and the watch is told NOT_SERVING');
is(check('')->{body}, message("\x08\x02"), 'as who checks');
$_->close for $client, $watch;
$input->settles;
done_testing;
