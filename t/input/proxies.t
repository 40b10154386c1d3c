# Behind a trusted balancer, logs and the guard of tokens see the agent and not the balancer.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start('--trusted-proxy', '127.0.0.1', '--ingest-token', 'a-token-of-some-length');
$input->{token} = 'a-token-of-some-length';
my $wrong = request(POST => '/ingest', '{}', 'Authorization: Bearer wrong');

my @headers = (
    [ 'PROXY version 1', "PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n", '192.0.2.1:4711' ],
    [ 'PROXY version 1, IPv6', "PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n", '[2001:db8::1]:4711' ],
    [ 'PROXY version 2', "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" . pack('C8nn', 192, 0, 2, 3, 192, 0, 2, 2, 4711, 80), '192.0.2.3:4711' ],
    [ 'PROXY UNKNOWN', "PROXY UNKNOWN\r\n", '127.0.0.1:\d+' ],
);
for (@headers) {
    my ($what, $header, $addr) = @$_;
    for my $cut (0, 1, length($header) - 1) {
        my $client = $input->client;
        $client->send(substr $header, 0, $cut) if $cut;
        $client->send(substr($header, $cut) . $wrong);
        is(($client->answer // {})->{status}, 401, "$what, cut at $cut: the request behind it is read");
        $input->refused('unauthorized');
        $client->close;
    }
    ok($input->node->wait_log(qr/msg="request refused" .*client="?\Q$addr\E|msg="request refused" .*client="?$addr/), "$what: the log has the agent");
}

my $client = $input->client;
for (
    [ '192.0.2.9', '192.0.2.9:0' ],
    [ '198.51.100.1, 192.0.2.10', '192.0.2.10:0' ],
    [ '192.0.2.11, 127.0.0.1', '192.0.2.11:0' ],
) {
    my ($list, $addr) = @$_;
    $client->send($wrong =~ s/(Host: [^\r]*)/$1\r\nX-Forwarded-For: $list/r);
    is($client->answer->{status}, 401, "X-Forwarded-For: $list");
    ok($input->node->wait_log(qr/client=\Q$addr\E /), "the agent is $addr");
    $input->refused('unauthorized');
}
$client->close;

# The guard counts by agent: one that guesses does not slow its neighbour behind the balancer.
my @statuses = map {
    my $client = $input->client;
    $client->send("PROXY TCP4 192.0.2.20 192.0.2.2 $_ 80\r\n$wrong");
    $client->answer->{status};
} 1 .. 11;
is_deeply(\@statuses, [ (401) x 10, 429 ], 'one agent has too many wrong tokens');
$client = $input->client;
$client->send("PROXY TCP4 192.0.2.21 192.0.2.2 1 80\r\n$wrong");
is($client->answer->{status}, 401, 'another is only told that its token is wrong');
$input->refused(unauthorized => 11);
$input->refused('too_many_wrong_tokens');
$client->close;

$client = $input->client;
$client->send("PROXY TCP4 nonsense\r\n$wrong");
is($client->answer->{code}, 'bad_request_line', 'a malformed header is refused');
$input->refused('bad_request_line');
$client->close;
$input->bystander_is_well('without any header');
$input->settles;

my $plain = Weir::Input->start('--trusted-proxy', '192.0.2.0/24', '--ingest-token', 'a-token-of-some-length');
$plain->{token} = 'a-token-of-some-length';
$client = $plain->client;
$client->send($wrong =~ s/(Host: [^\r]*)/$1\r\nX-Forwarded-For: 192.0.2.9/r);
is($client->answer->{status}, 401, 'who is not trusted');
ok($plain->node->wait_log(qr/client=127\.0\.0\.1:\d+ /), 'is not believed either');
$client = $plain->client;
$client->send("PROXY TCP4 192.0.2.20 192.0.2.2 1 80\r\n");
is($client->answer->{code}, 'spoke_proxy', 'and its PROXY header is refused at once');
$client->close;
$plain->refused($_) for qw(unauthorized spoke_proxy);
$plain->settles;
done_testing;
