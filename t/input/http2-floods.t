# What is bad, endless or huge in HTTP/2 costs its sender the stream or the connection, and nobody else anything.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Http2;
use Weir::Input;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start('--header-timeout', '1s', '--write-timeout', '1s', '--max-header', '8KiB');
my $addr = $input->node->{ingest};
my $calm = 11;

sub ping ($n) { return frame(PING, 0, 0, pack 'Q>', $n) }

# The same frames again and again, until the connection ends or 50 000 were sent.
# 4 KB in the table, named 3000 times by one byte each
my $bomb = "\x40" . Weir::Http2::text('a') . Weir::Http2::text('x' x 3900) . "\xbe" x 3000;
my %floods = (
    'PING' => sub ($n) { ping($n) },
    'SETTINGS' => sub ($n) { frame(SETTINGS, 0, 0, pack 'nN', 4, 65535) },
    'empty SETTINGS' => sub ($n) { frame(SETTINGS, 0, 0) },
    'PRIORITY' => sub ($n) { frame(PRIORITY, 0, 2 * $n + 1, pack 'NC', 0, 7) },
    'WINDOW_UPDATE' => sub ($n) { frame(WINDOW_UPDATE, 0, 0, pack 'N', 1) },
    'rapid reset' => sub ($n) { headers(2 * $n + 1, '/ingest') . frame(RST_STREAM, 0, 2 * $n + 1, pack 'N', 8) },
    'empty DATA' => sub ($n) { ($n ? '' : headers(1, '/ingest')) . data(1, '') },
    'unknown type' => sub ($n) { frame(0x99, 0, $n, 'x') },
    'PRIORITY_UPDATE' => sub ($n) { frame(0x10, 0, 0, pack('N', 1) . 'u=1') },
    'malformed request' => sub ($n) { headers(2 * $n + 1, '/ingest', END_STREAM, A => 'x') },
    'header section that unpacks to 12 MB' => sub ($n) { frame(HEADERS, END_HEADERS | END_STREAM, 2 * $n + 1, Weir::Http2::block('/ingest') . $bomb) },
    'request too many' => sub ($n) { headers(2 * $n + 1, '/ingest') },
);
for my $name (sort keys %floods) {
    my $client = Weir::Http2->connect($addr);
    for my $part (0 .. 99) {
        $client->send(map { $floods{$name}->($_) } $part * 500 .. $part * 500 + 499) or last;
        last if $client->next_frame(GOAWAY, undef, 0);
    }
    like($client->ending, qr/eof|reset|data/, "$name without end: the connection ends");
    $client->close;
}
my $n_floods = keys %floods;
$input->refused('header_too_large', $input->metric('weir_refused_requests_total{reason="header_too_large"}')); # before the bombs were a flood
wait_until { $input->metric('weir_connections_closed_total{reason="flood"}') >= $n_floods } 20, 'floods are counted';
is($input->metric('weir_connections_closed_total{reason="flood"}'), $n_floods, 'each of them is counted');
ok($input->node->wait_log(qr/msg="HTTP\/2 client floods" .*frame=/), 'and logged');
$input->bystander_is_well('beside floods');

# ---- header sections ----

sub ends ($name, $code, @frames) {
    my $client = Weir::Http2->connect($addr);
    $client->send(@frames);
    my ($got) = $client->goaway;
    is($got, $code, "$name: the connection ends with error $code") if defined $code;
    like($client->ending, qr/eof|reset|data/, "$name: it is closed");
    $client->close;
}

my $first = Weir::Http2::block('/ingest');
ends('CONTINUATION without end', undef, frame(HEADERS, 0, 1, $first), (frame(CONTINUATION, 0, 1, field('a', 'b'))) x 20_000);
ends('empty CONTINUATION without end', undef, frame(HEADERS, 0, 1, $first), (frame(CONTINUATION, 0, 1)) x 20_000);
ends('a header section that stops', $calm, frame(HEADERS, 0, 1, $first));
ends('a broken header section', 9, frame(HEADERS, END_HEADERS | END_STREAM, 1, "\xff\xff\xff\xff\xff\xff"));
ends('an odd stream of the server', 1, headers(2, '/ingest'));
ends('DATA on no stream', 1, data(0, 'x'));
ends('a frame that is too large', 6, frame(DATA, 0, 1, 'x' x 20_000));
ends('PING of a wrong length', 6, frame(PING, 0, 0, 'x'));
ends('a window beyond its limit', 3, frame(WINDOW_UPDATE, 0, 0, pack 'N', 0x7fffffff));
{
    my $client = Weir::Http2->connect($addr, raw => 1);
    $client->send(Weir::Http2::PREFACE, ping(1));
    like($client->ending, qr/eof|reset|data/, 'a first frame that is not SETTINGS ends it');
    $client->close;
    $client = Weir::Http2->connect($addr, raw => 1);
    $client->send(Weir::Http2::PREFACE);
    is(($client->goaway)[0], $calm, 'one that does not come is not waited for');
    $client->close;
    $client = Weir::Http2->connect($addr, raw => 1);
    $client->send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    like($client->ending, qr/eof|reset/, 'and so does half a preface');
    $client->close;
}

my $client = Weir::Http2->connect($addr);
$client->send(headers(1, '/ingest', END_STREAM, map { ("a$_" => 'x' x 900) } 1 .. 12));
like($client->body(1), qr/"code":"header_too_large"/, 'a header section that is too large is 431');
$client->send(frame(HEADERS, END_HEADERS | END_STREAM, 3, $first . $bomb), headers(5, '/livez', END_STREAM, ':method' => 'GET'));
like($client->body(3), qr/"code":"header_too_large"/, 'and so is a small one that unpacks to a huge one');
ok($client->body(5), 'and the next one is read all the same');
$client->close;
$input->refused('header_too_large', 2);
$input->bystander_is_well('beside them');

for my $case ([ 'upper-case names', 'Aa' => 'x' ], [ 'a line end in a value', a => "x\r\nb: c" ], [ 'connection', connection => 'close' ],
    [ 'transfer-encoding', 'transfer-encoding' => 'chunked' ]) {
    my ($name, %fields) = @$case;
    my $client = Weir::Http2->connect($addr);
    $client->send(headers(1, '/ingest', 0, %fields));
    is(unpack('N', ($client->next_frame(RST_STREAM, 1) // { payload => '' })->{payload}), 1, "$name: the stream is refused");
    $client->close;
}

# ---- answers that nobody takes ----

my $deaf = Weir::Http2->connect($addr, settings => [ [ 4, 0 ] ]);
$deaf->send(headers(1, '/livez', END_STREAM, ':method' => 'GET'));
ok($deaf->next_frame(HEADERS, 1), 'an answer begins');
like($deaf->ending, qr/eof|reset/, 'a client that opens no window for it is closed');
$deaf->close;
is($input->metric('weir_connections_closed_total{reason="write_timeout"}'), 1, 'as one that reads nothing');
$input->bystander_is_well('in the end');
$input->settles;
done_testing;
