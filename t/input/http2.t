# HTTP/2 on the plain port, told by its preface: with clients as they are, and frame by frame.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Http2;
use Weir::Input;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start('--max-body', '100kB', '--body-timeout', '1s', '--idle-timeout', '1500ms', '--write-timeout', '1s', '--trusted-proxy', '127.0.0.1');
my $base = "http://$input->{node}{ingest}";
my $fields = folder . '/fields';
my $large = folder . '/large';
spew($large, '{"messages":["' . 'x' x 90_000 . '"]}');
spew("$large.not", '[{"a":1}]');
spew("$large.too", '{"messages":["' . 'x' x 300_000 . '"]}');

sub spew ($path, $bytes) {
    open my $file, '>', $path or die "$path: $!";
    print $file $bytes;
    close $file or die "$path: $!";
}

sub tool ($program, @arguments) {
    state $n = 0;
    my $out = folder . '/tool.' . ++$n;
    my $process = Weir::Process->start([ $program, @arguments ], stdout => $out, may_end => 1);
    $process->wait_end(60) // die "$program does not end\n";
    return slurp($out);
}

sub curl (@arguments) { return tool('curl', '-sS', '--max-time', 20, '--http2-prior-knowledge', '-D', $fields, '-w', ' %{http_code} %{http_version}', @arguments) }

# One that watches the health, and says nothing any more.
my $gone = Weir::Http2->connect($input->node->{ingest});
$gone->send(headers(1, '/grpc.health.v1.Health/Watch', 0, 'content-type' => 'application/grpc'), data(1, "\0" x 5, END_STREAM));

# ---- clients ----

like(curl('-d', '[1,2]', "$base/ingest"), qr/"messages":2\} 202 2$/, 'curl: a packet is taken');
like(slurp($fields), qr/^weir-analyzer: a1\r$/m, 'and the analyzer named');
like(curl('--data-binary', "\@$large", "$base/ingest"), qr/"messages":1\} 202 2$/, 'and one of many frames');
like(curl('--data-binary', "\@$large", '-H', 'Expect: 100-continue', "$base/ingest"), qr/ 202 2$/, 'one that waits to be let in');
like(slurp($fields), qr/^HTTP\/2 100/m, 'is told 100');
like(curl('--data-binary', "\@$large.too", "$base/ingest"), qr/"code":"body_too_large".* 413 2$/, 'one that is too large is refused');
like(curl('-d', '[1,', "$base/ingest"), qr/"code":"bad_json".* 400 2$/, 'and what is no JSON');
like(curl('-d', '[1]', "$base/nowhere"), qr/"code":"not_found".* 404 2$/, 'and another path');
like(curl("$base/livez"), qr/ 200 2$/, 'health is told');
like(curl('-I', "$base/livez"), qr/ 200 2$/, 'and to HEAD');
like(tool('curl', '-sS', '--http2', '-d', '[1]', '-w', ' %{http_code} %{http_version}', "$base/ingest"), qr/ 202 1\.1$/, 'Upgrade: h2c is ignored');
my $load = tool('h2load', '-n', 2000, '-c', 4, '-m', 50, '-d', "$large.not", "$base/ingest");
like($load, qr/2000 succeeded, 0 failed, 0 errored/, 'h2load: 2000 packets on 200 streams are taken');
$input->accepted(4 + 2000);
$input->refused($_) for qw(body_too_large bad_json not_found);

# ---- frame by frame ----

my $client = Weir::Http2->connect($input->node->{ingest});
$client->send(headers(1, '/ingest'), headers(3, '/ingest'), data(1, '[1,'), data(3, '[1]', END_STREAM));
like($client->body(3), qr/"messages":1/, 'an answer does not wait for a request before it');
$client->send(data(1, '2]', END_STREAM));
like($client->body(1), qr/"messages":2/, 'which gets its own');
$client->send(headers(5, '/ingest', 0, 'content-length' => 5), data(5, '[1]', END_STREAM));
ok($client->next_frame(RST_STREAM, 5), 'a body of another length than announced is an error of the stream');
$client->send(headers(7, '/ingest', 0, 'content-length' => 3), data(7, '[1]', END_STREAM));
like($client->body(7), qr/"messages":1/, 'and the others go on');
$client->send(headers(9, '/ingest'), data(9, '['));
like($client->body(9), qr/"code":"body_timeout"/, 'a body that does not come is 408');
ok($client->next_frame(RST_STREAM, 9), 'and its stream is closed');
is_deeply([ $client->goaway ], [ 0, 9 ], 'an idle connection is told that it ends');
is($client->ending, 'eof', 'and closed');
$input->accepted(3);
$input->refused('body_timeout');

$client = Weir::Http2->connect($input->node->{ingest});
$client->send(headers($_ * 2 + 1, '/ingest')) for 0 .. 100;
is(unpack('N', $client->next_frame(RST_STREAM, 201)->{payload}), 7, 'the 101st stream at once is refused');
$client->close;

ok($gone->next_frame(PING), 'a client that watches and says nothing is asked by PING');
like($gone->ending, qr/eof|reset|data/, 'and closed without an answer');
$gone->close;

# ---- behind a proxy ----

my $proxied = Weir::Http2->connect($input->node->{ingest}, raw => 1);
$proxied->send("PROXY TCP4 192.0.2.99 192.0.2.2 1 2\r\n", Weir::Http2::PREFACE, frame(SETTINGS, 0, 0), headers(1, '/nowhere', END_STREAM));
like($proxied->body(1), qr/"code":"not_found"/, 'a PROXY header may come before the preface');
$proxied->close;
$proxied = Weir::Http2->connect($input->node->{ingest});
$proxied->send(headers(1, '/nowhere', END_STREAM, 'x-forwarded-for' => '192.0.2.55'));
like($proxied->body(1), qr/"code":"not_found"/, 'a stream may name its client');
$proxied->close;
ok($input->node->wait_log(qr/msg="request refused" .*client=\Q$_\E\b/), "the log names the client $_") for qw(192.0.2.99 192.0.2.55);
$input->refused('not_found', 2);
$input->bystander_is_well('beside them');
$input->settles;
done_testing;
