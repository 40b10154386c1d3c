# weir-analyzer by gRPC: batches with a result for each packet, OTLP, health, and the faults, refusals and bounds that HTTP has.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Compress::Gzip qw(gzip);
use MIME::Base64 ();
use Test::More;
use Weir::Analyzer;
use Weir::Certificates;
use Weir::FakeRegistry;
use Weir::FakeServer;
use Weir::Grpc;
use Weir::Http2;
use Weir::Test;

alarm 300;
use constant { DELIVER => '/weir.v1.Analyzer/Deliver', EXPORT => '/opentelemetry.proto.collector.logs.v1.LogsService/Export', HEALTH => '/grpc.health.v1.Health/Check' };
use constant { RECORDS => "\x0a\x0e\x12\x0c\x12\x02\x10\x09\x12\x02\x10\x09\x12\x02\x10\x0d", SERVING => "\x08\x01", NOT_SERVING => "\x08\x02" };
my $ca = Weir::Certificates->new('ours');
my @server = $ca->make('server', names => 'IP:127.0.0.1');
my @port = qw(--grpc-listen 127.0.0.1:0);
my $record = folder . '/record';
my $a1 = Weir::Analyzer->start(qw(--id a1 --max-body 100kB --delivery-token a-token-of-some-length), @port, '--record', $record);
my $addr = grpc($a1->process);

sub grpc ($process) { return $process->wait_log(qr/msg="listening for gRPC" addr=(\S+)/) }
sub field_of ($number, $bytes) { return pack('w/a*', $bytes) =~ s/\A/chr($number << 3 | 2)/er }

# Packets of a batch, each below 128 bytes.
sub batch (@bodies) { return message(join '', map { field_of(1, field_of(1, $_) . "\x10\x01" . field_of(3, 'application/json')) } @bodies) }

sub call ($to, $path, $body, @arguments) { return by_h2(($to =~ /^http/ ? $to : "http://$to") . $path, $body, CALL, @arguments) }
my @allowed = ('-H', 'authorization: Bearer a-token-of-some-length');
sub deliver ($message, @more) { return call($addr, DELIVER, $message, @allowed, @more) }
sub ends ($answer, $code, $why) { return is_deeply([ @$answer{qw(grpc-status body)} ], [ $code, '' ], $why) }

# ---- packets ----

is_deeply([ @{ deliver(batch('{"messages":["a","b"]}', '[1,2,3]')) }{qw(grpc-status body)} ], [ 0, message('') ], 'a batch is taken');
my $part = deliver(batch('{"messages":["c"]}', '{nope', '{"m":1}'));
is($part->{'grpc-status'}, 0, 'a batch is taken in part');
like($part->{body}, qr/\A\0....\x0a\x03\x08\xc8\x01\x0a.\x08\x90\x03\x12.The body is not one JSON text in UTF-8\.\x0a\x03\x08\xc8\x01\z/s, 'and each packet has its result');
is(slurp($record), qq({"messages":["a","b"]}\n[1,2,3]\n{"messages":["c"]}\n{"m":1}\n), 'those that were taken are recorded');
deliver(batch('{"id":"x","m":1}')) for 1, 2;
is($a1->stats->{duplicates}, 1, 'a packet that comes twice is counted once');
$a1->post('/ingest', '{"id":"x","m":1}', Authorization => 'Bearer a-token-of-some-length');
is($a1->stats->{duplicates}, 2, 'also when it comes by HTTP then');
gzip(\(my $bytes = substr batch('{"messages":["z"]}'), 5), \my $packed);
is(deliver(message($packed, 1), '-H', 'grpc-encoding: gzip')->{'grpc-status'}, 0, 'a batch in gzip is taken');
is_deeply([ @{ call($addr, EXPORT, message(RECORDS), @allowed) }{qw(grpc-status body)} ], [ 0, message('') ], 'OTLP is taken');
like(slurp($record), qr/"logRecords":\[\{"severityNumber":9\},/, 'and recorded as JSON');
is($a1->stats->{messages}, 12, 'each of its records is a message');

# ---- refusals ----

ends(call($addr, DELIVER, batch('[1]')), 16, 'no token: UNAUTHENTICATED');
ends(deliver($_->[0]), 3, "$_->[1]: INVALID_ARGUMENT") for [ message(''), 'no packet' ], [ message("\x0a\x05\x12"), 'no batch' ], [ substr(batch('[1]'), 0, 9), 'a message that is cut off' ], [ message($packed, 1), 'compressed by nothing' ];
ends(deliver(batch('[1]'), '-H', 'grpc-encoding: snappy'), 12, 'another compression: UNIMPLEMENTED');
ends(deliver(message('x' x 100_001)), 8, 'a message that is too large: RESOURCE_EXHAUSTED');
gzip(\('x' x 200_000), \my $bomb);
ends(deliver(message($bomb, 1), '-H', 'grpc-encoding: gzip'), 8, 'also when it is so unpacked');
ends(call($addr, '/weir.v1.Analyzer/Drop', batch('[1]'), @allowed), 12, 'another method: UNIMPLEMENTED');
ends(deliver(batch('[1]'), '-H', 'grpc-timeout: soon'), 3, 'a timeout that is none: INVALID_ARGUMENT');
is(http(POST => $a1->url . DELIVER, {})->{status}, 404, 'a call by HTTP/1.1 is refused by HTTP');

# ---- health and faults ----

is(call($addr, HEALTH, message($_ eq '' ? '' : field_of(1, $_)))->{body}, message(SERVING), "health of '$_': SERVING, without a token") for '', 'weir.v1.Analyzer', 'opentelemetry.proto.collector.logs.v1.LogsService';
ends(call($addr, HEALTH, message('x' x 257)), 8, 'a question that is too long: RESOURCE_EXHAUSTED');
ends(call($addr, HEALTH, message(field_of(1, 'shop'))), 5, 'of another service: NOT_FOUND');
is($a1->post('/disable', '')->{status}, 200, 'it is disabled');
is(call($addr, HEALTH, message(''))->{body}, message(NOT_SERVING), 'NOT_SERVING');
my $busy = deliver(batch('[1]'));
ends($busy, 14, 'and takes no batch: UNAVAILABLE');
like(MIME::Base64::decode_base64($busy->{'grpc-status-details-bin'}), qr/RetryInfo/, 'which may go well later');
$a1->post('/enable', '');
my $failing = Weir::Analyzer->start(qw(--id a2 --open-deliveries --error-rate 1), @port);
ends(call(grpc($failing->process), DELIVER, batch('[1]')), 13, 'a simulated error: INTERNAL');
my $slow = Weir::Analyzer->start(qw(--id a3 --open-deliveries --delay-ms 60000), @port);
my $slow_addr = grpc($slow->process);
ends(call($slow_addr, DELIVER, batch('[1]'), '-H', 'grpc-timeout: 100m'), 4, 'a deadline passes while it is slow: DEADLINE_EXCEEDED');
is(call($slow_addr, HEALTH, message(''))->{body}, message(SERVING), 'its health is answered meanwhile');

my $sink = Weir::FakeServer->start(sub ($n, $body, $path) { return { status => $body =~ /bad/ ? 400 : 200 } });
my $a6 = Weir::Analyzer->start(qw(--id a6 --open-deliveries --sink), 'packets+' . $sink->url('/'), @port);
my $split = call(grpc($a6->process), DELIVER, batch('{"m":"good"}', '{"m":"bad"}', '{"m":"fine"}'));
like($split->{body}, qr/\A\0....\x0a\x03\x08\xc8\x01\x0a.\x08\xa6\x03\x12[^\x0a]+\x0a\x03\x08\xc8\x01\z/s, 'a packet that its sink refuses costs no other one');
is($a6->stats->{packets}, 2, 'and those are counted');

# ---- bounds ----

my $flood = Weir::Http2->connect($addr);
$flood->send(map { frame(PING, 0, 0, 'x' x 8) } 1 .. 3000);
ok(defined $flood->ending(60), 'a flood of PINGs ends its connection');
my $resets = Weir::Http2->connect($addr);
$resets->send(map { (headers(2 * $_ + 1, DELIVER, 0, 'content-type' => 'application/grpc'), frame(RST_STREAM, 0, 2 * $_ + 1, pack 'N', 8)) } 0 .. 2999);
ok(defined $resets->ending(60), 'and so does one of requests that are reset at once');
is(deliver(batch('[1]'))->{'grpc-status'}, 0, 'others are served');

# ---- its registration, and its end ----

my $registry = Weir::FakeRegistry->new;
my $a4 = Weir::Analyzer->start(qw(--id a4 --register), $registry->url, @port);
my $grpc = grpc($a4->process);
my $registered = $registry->wait_for(20, sub ($call) { $call->{method} eq 'PUT' });
is($registered->{body}{url}, "grpc://$grpc", 'it registers its grpc:// URL');
my $client = Weir::Http2->connect($grpc);
my $check = sub ($stream) {
    $client->send(headers($stream, HEALTH, 0, 'content-type' => 'application/grpc'), data($stream, message(''), END_STREAM));
    return ($client->next_frame(DATA, $stream) // return)->{payload};
};
is($check->(1), message(SERVING), 'it is SERVING');
$a4->process->signal('TERM');
my ($said, $stream) = ('', 1);
wait_until { $said = $check->($stream += 2) // die "the connection has ended\n"; $said ne message(SERVING) } 20, 'the end';
is($said, message(NOT_SERVING), 'and NOT_SERVING while it drains');
is_deeply([ $client->goaway ], [ 0, 0x7fffffff ], 'which it says first');
$registry->wait_for(20, sub ($call) { $call->{method} eq 'DELETE' });
is_deeply([ $client->goaway ], [ 0, $stream ], 'and a second later which calls it still answers');
is($a4->process->wait_end, 0, 'it ends well');

my $a5 = Weir::Analyzer->start(qw(--id a5 --register), $registry->url, @port, '--tls-cert', $server[0], '--tls-key', $server[1]);
my $tls = grpc($a5->process);
is($registry->wait_for(20, sub ($call) { $call->{method} eq 'PUT' })->{body}{url}, "grpcs://$tls", 'with a certificate its URL is grpcs://');
is(call("https://$tls", HEALTH, message(''), '--cacert', $ca->file)->{body}, message(SERVING), 'and TLS is spoken there');
done_testing;
