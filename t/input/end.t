# A node that ends while its analyzers hang, and has no spill: everyone hears of it, and nothing is kept.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--drain-timeout', '1s', '--drain-delay', '500ms', '--spill-max-bytes', 0 ]);
my $node = $cluster->node(1);
my @hanging = map { Weir::FakeServer->start(sub ($n, $body, $path) { $path eq '/ingest' ? { hang => 1 } : {} }) } 1 .. 3;
for my $i (0 .. $#hanging) {
    http(PUT => "$node->{admin}/v1/analyzers/h$i", { url => $hanging[$i]->url('/ingest'), weight => 1, ttl_ms => 60000 });
    $node->wait_log(qr/msg="analyzer known" .*analyzer=h$i /);
}

my $ok = request(POST => '/ingest', '{"messages":[1,2]}');
my @waiting = map { Weir::Raw->connect($node->{ingest}) } 1 .. 30;
$_->send($ok x 3) for @waiting;
wait_until { metrics($node)->{weir_received_packets_total} == 90 } 10, 'all packets are received';
my %others = map { $_ => Weir::Raw->connect($node->{ingest}) } qw(idle half busy);
$others{half}->send(substr $ok, 0, 30);
$others{busy}->send(request(GET => '/readyz'));
is($others{busy}->answer->{status}, 200, 'the node is ready');

$node->signal('TERM');
$node->wait_log(qr/from=serving to=draining/);
$others{busy}->send(request(GET => '/readyz'));
my $answer = $others{busy}->answer;
is("$answer->{status} $answer->{body}", "503 draining\n", 'draining, it still answers, but is not ready');
is($answer->{headers}{connection}, 'close', 'and closes what it answers');
is($others{busy}->ending, 'eof', 'at once');
my $new = Weir::Raw->connect($node->{ingest});
$new->send(request(GET => '/livez'));
is($new->answer->{status}, 200, 'new connections are served for a while');
is($others{idle}->ending, 'eof', 'then those that are idle are closed');

my (@answers, %endings);
for my $client (@waiting) {
    push @answers, map { $_->{code} // $_->{status} } $client->answers;
    $endings{ $client->ending }++;
}
is_deeply(\@answers, [ ('shutting_down') x 90 ], 'who waits when time is up hears that the node ends');
is_deeply(\%endings, { eof => 30 }, 'and that was all');
like($others{half}->ending, qr/^(?:eof|reset)$/, 'half a request ends with the node');
is($node->wait_end, 0, 'the node ends well');
done_testing;
