# Behind a trusted balancer, the admin port's log and its guard of wrong tokens see the client and not the balancer.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Raw;
use Weir::Test;
use Weir::Tokens;

alarm 120;
my $redis = Weir::Redis->new;
my $node = node($redis, all_tokens, '--trusted-proxy', '127.0.0.1');
my $addr = $node->{admin} =~ s{^http://}{}r;

# The answer to what a connection begins with.
sub answer_to ($bytes) {
    my $client = Weir::Raw->connect($addr);
    $client->send($bytes);
    return $client->answer // {};
}

sub wrong (@lines) { return join("\r\n", 'DELETE /v1/analyzers/a1 HTTP/1.1', 'Host: 127.0.0.1', 'Authorization: Bearer wrong', @lines) . "\r\n\r\n" }
my $v2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" . pack('C8nn', 192, 0, 2, 3, 192, 0, 2, 2, 4711, 80);

for (
    [ 'PROXY version 1', "PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n" . wrong(), '192.0.2.1' ],
    [ 'PROXY version 1, IPv6', "PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n" . wrong(), '[2001:db8::1]' ],
    [ 'PROXY version 2', $v2 . wrong(), '192.0.2.3' ],
    [ 'PROXY UNKNOWN', "PROXY UNKNOWN\r\n" . wrong(), '127.0.0.1' ],
    [ 'a PROXY header before X-Forwarded-For', "PROXY TCP4 192.0.2.4 192.0.2.2 1 80\r\n" . wrong('X-Forwarded-For: 198.51.100.1'), '192.0.2.4' ],
    [ 'X-Forwarded-For', wrong('X-Forwarded-For: 192.0.2.5'), '192.0.2.5' ],
    [ 'X-Forwarded-For with what a client invented', wrong('X-Forwarded-For: 198.51.100.2, 192.0.2.6'), '192.0.2.6' ],
    [ 'two fields X-Forwarded-For', wrong('X-Forwarded-For: 198.51.100.3', 'X-Forwarded-For: 192.0.2.7'), '192.0.2.7' ],
) {
    my ($what, $bytes, $client) = @$_;
    is(answer_to($bytes)->{status}, 401, "$what: the request is read");
    ok($node->wait_log(qr/(msg="request refused" .*client="?\Q$client\E"? )/), 'and the log has its client');
}
is(answer_to("PROXY TCP4 x y\r\n" . wrong())->{status}, 400, 'a broken PROXY header is refused');

my $n = 0;
$n++ while $n < 30 && answer_to("PROXY TCP4 192.0.2.20 192.0.2.2 1 80\r\n" . wrong())->{status} == 401;
cmp_ok($n, '<', 30, 'one client behind the balancer that guesses is slowed');
is(answer_to("PROXY TCP4 192.0.2.21 192.0.2.2 1 80\r\n" . wrong())->{status}, 401, 'and another one is not');

my $plain = node($redis, all_tokens);
$addr = $plain->{admin} =~ s{^http://}{}r;
is(answer_to("PROXY TCP4 192.0.2.1 192.0.2.2 4711 80\r\n" . wrong())->{code}, 'spoke_proxy', 'without a trusted balancer a PROXY header is refused');
is(answer_to(wrong('X-Forwarded-For: 192.0.2.30'))->{status}, 401, 'and X-Forwarded-For');
unlike($plain->log, qr/192\.0\.2\.30/, 'says nothing');
done_testing;
