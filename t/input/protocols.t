# Who speaks another protocol to the ingest port is told so at once, and each reason has its lines in the log.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 300;
# nobody may live from the timeout
my $input = Weir::Input->start('--header-timeout', '600s');

my @hello = (
    [ 'a TLS hello', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 'spoke_tls' ],
    [ 'the forward protocol of Fluentd', "\x93\xa5syslog\xdd\x00\x00\x00\x01", 'spoke_msgpack' ],
    [ 'a PROXY header in text', "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 'spoke_proxy' ],
    [ 'a binary PROXY header', "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", 'spoke_proxy' ],
    [ 'Lumberjack', "2W\x00\x00\x00\x01", 'bad_request_line' ],
    [ 'syslog', '<13>Nov 28 19:00:00 host app: text', 'bad_request_line' ],
    [ 'GELF over TCP', qq({"version":"1.1"}\0), 'bad_request_line' ],
);
for (@hello) {
    my ($what, $bytes, $code) = @$_;
    my $client = $input->client;
    $client->send($bytes);
    my $answer = $client->answer // {};
    is($answer->{code}, $code, "$what: told what was spoken");
    is($client->ending, 'eof', "$what: and closed");
    ok($input->node->wait_log(qr/msg="request refused" .*reason=$code/), "$what: the log says so");
    $input->refused($code);
}
$input->bystander_is_well('beside them');

# Far more of one kind than the log takes, then one of another.
for (1 .. 100) {
    my $client = $input->client;
    $client->send("\x16");
    $client->answer;
}
$input->refused(spoke_tls => 100);
$input->talk(request(POST => '/ingest', '{'));
$input->refused('bad_json');
ok($input->node->wait_log(qr/reason=bad_json/), 'many refusals for one reason do not hide the one for another');
$input->settles;
done_testing;
