# A log server may take a part of a packet and say so in an answer of 200. What was busy comes again, what is bad is a dead
# letter, and each message is accounted for once. The server here answers as OpenSearch, Splunk and an OTel collector do.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json encode_json);
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;

alarm 300;
my %seen;
sub item ($document) {
    my $again = $seen{ $document->{n} }++;
    my $status = $document->{kind} eq 'bad' ? 400 : $document->{kind} eq 'busy' && !$again ? 429 : 201;
    return { index => { _index => 'logs', status => $status, $status > 300 ? (error => { type => 'test' }) : () } };
}

sub bulk ($body) {
    my @items = map { item(decode_json($_)) } grep { /"n":/ } split /\n/, $body;
    my $errors = grep { $_->{index}{status} > 300 } @items;
    return encode_json({ took => 1, errors => $errors ? JSON::PP::true : JSON::PP::false, items => \@items });
}

my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    my $type = 'Content-Type: application/vnd.elasticsearch+json;compatible-with=8';
    return { status => 200 } if $path =~ /health/;
    return { status => 200, headers => [$type], body => bulk($body) } if $path =~ /_bulk/;
    return { status => 200, headers => ['Content-Type: application/json'], body => $seen{hec}++ ? '{"text":"Success","code":0}' : '{"text":"Server is busy","code":9}' } if $path =~ /collector/;
    return { status => 200, headers => ['Content-Type: application/json'], body => '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}' };
});
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my $node = $cluster->node(1);
http(PUT => "$node->{admin}/v1/analyzers/os", { url => $server->url('/*'), weight => 1, accepts => 'request', ttl_ms => 600_000 });
$cluster->wait_known('os');

my ($n, $n_sent) = (0, 0);
sub documents (@kinds) {
    $n_sent += @kinds;
    return join '', map { $n++; qq({"index":{"_index":"logs"}}\n{"n":$n,"kind":"$_"}\n) } @kinds;
}

sub send_to ($path, $body, @head) {
    my $client = Weir::Raw->connect($node->{ingest});
    $client->send(request(POST => $path, $body, 'Content-Type: application/json', @head));
    return $client->answer;
}
sub delivered { metrics($node)->{'weir_delivered_messages_total{analyzer="os"}'} // 0 }
sub dead { metrics($node)->{weir_dead_messages_total} // 0 }

my $answer = send_to('/_bulk', documents(qw(good busy bad good busy)));
is($answer->{status}, 200, 'a packet is acknowledged of which a part is taken');
is(scalar decode_json($answer->{body})->{items}->@*, 5, '... and its agent is told of each operation');
wait_until { delivered() == 4 && dead() == 1 } 30, 'busy operations to be delivered, and bad ones to be dead letters';
sub n_sent_on ($text) { return scalar grep { index($_, $text) >= 0 } $server->bodies }
is(n_sent_on('"n":1,'), 1, 'what was taken does not come again');
is(n_sent_on('"n":2,'), 2, 'what was busy does');
my ($letter) = http(GET => "$node->{admin}/v1/dead")->{json}{entries}->@*;
is($letter->{messages}, 1, 'the dead letter has the bad operation alone');

$n_sent += 2;
send_to('/services/collector', '{"event":"a"}{"event":"b"}');
wait_until { delivered() == 6 } 30, 'what a busy Splunk did not take to be delivered';
is(n_sent_on('"event":"a"'), 2, 'by a second delivery');

$n_sent += 3;
send_to('/v1/logs', encode_json({ resourceLogs => [ { scopeLogs => [ { logRecords => [ map { { body => { stringValue => "$_" } } } 1 .. 3 ] } ] } ] }));
wait_until { delivered() == 8 && dead() == 2 } 30, 'records that a collector rejected to be dead letters';
is(delivered() + dead(), $n_sent, 'each message has one fate');
my $received = metrics($node)->{weir_received_messages_total};
is($received, $n_sent, 'and none was counted twice');
done_testing;
