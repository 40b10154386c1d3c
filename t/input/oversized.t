# A client that writes all of its request before it reads hears why it was refused.
use v5.36;
use File::Temp qw(tempdir);
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start('--body-timeout', '20s');
my ($host, $port) = $input->node->{ingest} =~ /^(.*):(\d+)$/;
my $dir = tempdir(CLEANUP => 1);

# What three widely used HTTP clients hear; each sends 17 MiB, where max-body is 16 MiB.
my %clients = (
    'Python http.client' => [ 'client.py', [qw(python3)], <<~'END' ],
        import http.client, sys
        connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
        connection.request('POST', '/ingest', b'x' * (17 << 20))
        print(connection.getresponse().status)
        END
    'Node http' => [ 'client.js', [qw(node)], <<~'END' ],
        const request = require('http').request({ host: process.argv[2], port: process.argv[3], method: 'POST', path: '/ingest',
            headers: { 'Content-Length': 17 << 20 } }, (answer) => { console.log(answer.statusCode); answer.resume(); });
        request.on('error', (error) => console.log(String(error)));
        request.end(Buffer.alloc(17 << 20, 'x'));
        END
    'Java URLConnection' => [ 'Client.java', [qw(java)], <<~'END' ],
        class Client {
            public static void main(String[] args) throws Exception {
                var url = new java.net.URL("http://" + args[0] + ":" + args[1] + "/ingest");
                var connection = (java.net.HttpURLConnection) url.openConnection();
                connection.setRequestMethod("POST");
                connection.setDoOutput(true);
                connection.setFixedLengthStreamingMode(17 << 20);
                try (var body = connection.getOutputStream()) { body.write(new byte[17 << 20]); }
                System.out.println(connection.getResponseCode());
            }
        }
        END
);
for my $name (sort keys %clients) {
    my ($file, $command, $text) = $clients{$name}->@*;
  SKIP: {
        skip "$command->[0] is not installed", 1 if system "command -v $command->[0] >/dev/null 2>&1";
        open my $out, '>', "$dir/$file" or die "$file: $!";
        print $out $text;
        CORE::close $out;
        my $heard = qx(@$command $dir/$file $host $port 2>&1);
        like($heard, qr/^413$/m, "$name hears the 413");
        $input->refused('body_too_large');
    }
}

my $behind = 'x' x 12_000_000;
my %heads = (
    unknown_expectation => [ 417, 'POST /ingest HTTP/1.1', 'Expect: wonders', 'Content-Length: 12000000' ],
    header_too_large => [ 431, 'POST /ingest HTTP/1.1', 'X: ' . 'y' x 100_000, 'Content-Length: 12000000' ],
    unknown_encoding => [ 501, 'POST /ingest HTTP/1.1', 'Transfer-Encoding: zstd' ],
    unknown_version => [ 505, 'POST /ingest HTTP/1.2', 'Content-Length: 12000000' ],
    length_required => [ 411, 'POST /ingest HTTP/1.1' ],
    bad_length => [ 400, 'POST /ingest HTTP/1.1', 'Content-Length: 12e6' ],
);
for my $code (sort keys %heads) {
    my ($status, $line, @fields) = $heads{$code}->@*;
    my $client = $input->client;
    ok($client->send(join "\r\n", $line, 'Host: w', @fields, '', $behind), "$code: all that comes behind is read");
    my $answer = $client->answer // {};
    is(join(' ', map { $_ // '' } $answer->@{qw(status code)}), "$status $code", "$code: and the answer is heard");
    is($client->ending, 'eof', "$code: without a reset");
    $input->refused($code);
}
$input->bystander_is_well('beside them');

# It is bounded, by bytes and by time.
my $endless = $input->client;
$endless->send("nonsense\r\n\r\n");
my $n_sent = 0;
$n_sent++ while $n_sent < 100 && $endless->send('x' x 1_000_000, 5);
cmp_ok($n_sent, '<', 100, 'who never ends is cut off');
$input->refused('bad_request_line');
$input->bystander_is_well('after that');
$input->settles;

my $short = Weir::Input->start('--body-timeout', '1s');
my $slow = $short->client;
$slow->send("nonsense\r\n\r\n");
is($slow->answer->{status}, 400, 'a slow one hears its answer as well');
ok(wait_until { $slow->send('x'); $short->metric('weir_connections') == 1 } 10, 'and goes after body-timeout, though bytes come');
$short->refused('bad_request_line');
$short->bystander_is_well('beside it');
$short->settles;
done_testing;
