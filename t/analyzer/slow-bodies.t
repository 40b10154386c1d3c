# Clients that send their bodies a byte at a time do not shut nodes out of an analyzer.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Raw;
use Weir::Test;

alarm 450;
my $analyzer = Weir::Process->start([ qw(weir-analyzer --id a1 --listen 127.0.0.1:0) ]);
my $addr = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
my $url = "http://$addr";
is(http(POST => "$url/ingest", { messages => [1] })->{status}, 200, 'a delivery is taken');

my @slow = grep { defined } map { Weir::Raw->connect($addr) } 1 .. 120;
is(scalar @slow, 120, '120 slow clients are there');
$_->send("POST /ingest HTTP/1.1\r\nHost: a1\r\nContent-Length: 1000\r\n\r\n") for @slow;
my ($n, $n_taken) = (0, 0);
wait_until {
    $_->send(' ', 0.01) for @slow;
    $n++;
    $n_taken += http(POST => "$url/ingest", { messages => [1] })->{status} == 200;
    $n_taken >= 20
} 30, 'deliveries to be taken';
is($n_taken, $n, 'and each delivery is taken while they go on');
is(http(GET => "$url/health")->{status}, 200, 'and health checks are answered');
like($analyzer->log, qr/msg="a body came too slowly"/, 'they are broken off, and the log says so');
my $client = Weir::Raw->connect($addr);
$client->send("POST /ingest HTTP/1.1\r\nHost: a1\r\nContent-Length: 16\r\n\r\n" . '{"messages":');
$client->send('[1]}');
is($client->answer->{status}, 200, 'a body in two pieces is taken where there is room');
is($analyzer->end, 0, 'it ends well');
done_testing;
