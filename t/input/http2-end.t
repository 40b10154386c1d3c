# The end of a connection of HTTP/2, for its age or because the node ends: nothing on its way is lost.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Http2;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--drain-delay', '2s', '--max-connection-age', '1s' ]);
my $node = $cluster->node(1);
my $highest = 0x7fffffff;

# A client of its own, whose packets come while the connection ends.
sub ends_well ($client, $why) {
    is_deeply([ $client->goaway ], [ 0, $highest ], "$why: the end is announced");
    $client->send(headers(3, '/ingest'), data(3, '[1]', END_STREAM));
    like($client->body(3), qr/"messages":1/, "$why: a request that was on its way is taken");
    is_deeply([ $client->goaway ], [ 0, 3 ], "$why: then the last one is named");
    $client->send(headers(5, '/ingest'), data(5, '[1]', END_STREAM));
    like($client->ending, qr/eof|reset/, "$why: and the connection closed");
    is($client->next_frame(HEADERS, 5), undef, "$why: what came later has no answer");
    $client->close;
}

my $client = Weir::Http2->connect($node->{ingest});
$client->send(headers(1, '/ingest'), data(1, '[1]', END_STREAM));
like($client->body(1), qr/"messages":1/, 'a packet is taken');
ends_well($client, 'age');

$client = Weir::Http2->connect($node->{ingest});
$client->send(headers(1, '/ingest'), data(1, '[1]', END_STREAM));
like($client->body(1), qr/"messages":1/, 'a packet is taken again');
my $watch = Weir::Http2->connect($node->{ingest});
$watch->send(headers(1, '/grpc.health.v1.Health/Watch', 0, 'content-type' => 'application/grpc'), data(1, "\0" x 5, END_STREAM));
is($watch->next_frame(DATA, 1)->{payload}, "\0\0\0\0\2\x08\1", 'a watch of the health is told SERVING');
$watch->next_frame(HEADERS, 1);
$node->signal('TERM');
is($watch->next_frame(DATA, 1)->{payload}, "\0\0\0\0\2\x08\2", 'drain: then NOT_SERVING');
is($watch->next_frame(HEADERS, 1)->{flags} & END_STREAM, END_STREAM, 'and ends');
ends_well($client, 'drain');
is($node->wait_end(30), 0, 'the node ends well');
done_testing;
