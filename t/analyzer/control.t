# Not everybody may enable or disable an analyzer: no page in a browser, and nobody elsewhere without the control token.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use Test::More;
use Weir::Raw;
use Weir::Test;

alarm 450;
my @all;
sub start (@options) {
    my $analyzer = Weir::Process->start([ qw(weir-analyzer --id a1 --listen), '0.0.0.0:0', @options ]);
    push @all, $analyzer;
    my ($port) = $analyzer->wait_log(qr/msg=listening .*addr=\S+:(\d+)/);
    return "127.0.0.1:$port";
}

sub ask ($addr, $path, @headers) {
    my $client = Weir::Raw->connect($addr);
    my @host = grep { /^Host:/ } @headers;
    $client->send(join "\r\n", "POST $path HTTP/1.1", (@host ? () : "Host: $addr"), @headers, 'Content-Length: 0', '', '');
    my $answer = $client->answer // return 'none';
    return $answer->{status} . ($answer->{status} == 200 ? '' : " $answer->{code}");
}

my $open = start();
is(ask($open, '/disable'), '200', 'without a token, whoever is on this machine may disable it');
is(ask($open, '/enable', 'Host: localhost:9001'), '200', 'and enable it');
is(ask($open, '/disable', 'Origin: http://evil.example'), '403 other_origin', 'a page of another origin may not');
is(ask($open, '/disable', 'Origin: null'), '403 other_origin', 'nor one that has none');
is(ask($open, '/disable', 'Sec-Fetch-Site: cross-site'), '403 other_origin', 'nor one that only says that it is from elsewhere');
is(ask($open, '/disable', 'Host: evil.example:9001', 'Origin: http://evil.example:9001'), '403 other_origin', 'nor one whose name was made to point here');
is(ask($open, '/disable', 'Host: evil.example:9001'), '403 other_host', 'with or without an origin');
is(ask($open, '/disable', 'Host: 127.0.0.1.evil.example'), '403 other_host', 'whatever the name looks like');
is(http(GET => "http://$open/health")->{status}, 200, 'it was not disabled');
my $curl = Weir::Raw->connect($open);
$curl->send("POST /enable HTTP/1.1\r\nHost: $open\r\n\r\n" x 2);
is($curl->answer->{status}, 200, 'curl -X POST sends no length, and need not') for 1 .. 2;

my ($own) = grep { !/^127\./ } split ' ', `hostname -I 2>&1`;
SKIP: {
    skip 'this machine has no address but loopback', 1 if ($own // '') !~ /^[\d.]+$/;
    is(ask($open =~ s/^[^:]*/$own/r, '/disable'), '403 not_local', 'whoever comes over the network may not');
}

my $closed = start('--control-token', 'the-control-token-of-a1');
is(ask($closed, '/disable'), '401 unauthorized', 'where there is a control token, it is asked for');
is(ask($closed, '/disable', 'Authorization: Bearer the-control-token-of-a2'), '401 unauthorized', 'and the right one');
is(ask($closed, '/disable', 'Authorization: Bearer the-control-token-of-a1', 'Origin: http://evil.example'), '403 other_origin', 'no page may with it either');
is(ask($closed, '/disable', 'Host: a1.example', 'Authorization: Bearer the-control-token-of-a1'), '200', 'with it, any name will do');
is(http(GET => "http://$closed/health")->{status}, 503, 'and it is disabled');
done_testing;
