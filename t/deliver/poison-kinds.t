# Packets at which analyzers cut the connection, never answer, or always answer 500: each becomes a dead letter after a
# bounded number of deliveries. Analyzers that serve the others well stay in use, and the others are delivered.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

use constant { MOST => 10, MOST_CUT => 7 }; # deliveries of one packet; the first, in a batch, may be sent twice
use constant POISON => qw(cut-1 cut-2 cut-3 hang-1 fail-1);

alarm 400;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--ack-within', '300ms', '--delivery-timeout', '1s' ]);
my ($node) = $cluster->nodes;
my $answer = sub ($n, $body, $path) {
    return { status => 200 } if !defined $body;
    return { drop => 1 } if $body =~ /"cut-/;
    return { hang => 1 } if $body =~ /"hang-/;
    return { status => 500, body => "cannot read it:\e[2J \"" . 'x' x 400 } if $body =~ /"fail-/;
    return { status => 200 };
};
my %servers = map { $_ => Weir::FakeServer->start($answer) } qw(a1 a2 a3);
http(PUT => "$node->{admin}/v1/analyzers/$_", { url => $servers{$_}->url('/ingest'), weight => 1, ttl_ms => 600000 }) for sort keys %servers;
$cluster->wait_known(sort keys %servers);

my $load = $cluster->begin_load(rate => 200, duration => 20, messages => '1', connections => 16);
my $metric = sub ($name) { return metrics($node)->{$name} // 0 };
wait_until { $metric->('weir_delivered_packets_total') > 200 } 20, 'all to be at work';
for my $id (POISON) { is(http(POST => "http://$node->{ingest}/ingest", qq({"id":"$id","n":1}))->{status}, 202, "the agent of $id is answered") }
is($cluster->finish_load($load)->{status}, 0, 'others have seen no error');
wait_until { $metric->('weir_delivered_packets_total') == 4000 } 30, 'all others to be delivered';

my $dead = sub () { return { map { $_->{id} => $_ } @{ http(GET => "$node->{admin}/v1/dead")->{json}{entries} } } };
wait_until { keys %{ $dead->() } == POISON } 250, 'all of them to be dead letters';
my $letters = $dead->();
my %reason = (cut => qr/^poison: \d+ attempts, last the connection broke$/, hang => qr/^poison: 10 attempts, last no answer in time$/,
    fail => qr/^poison: 10 attempts, last status 500$/);
like($letters->{$_}{reason}, $reason{ s/-.*//r }, "the letter of $_ has the reason") for POISON;
like($letters->{'fail-1'}{answer}, qr/^cannot read it:\\u001b\[2J "x+$/, 'and what the analyzer said, without control characters');
is($letters->{'cut-1'}{answer}, undef, 'where it said something');
my $show = run('weirctl', '--redis', $cluster->redis->url, 'dead', 'show', $letters->{'fail-1'}{entry});
like($show->{stderr}, qr/^answer +cannot read it:\\u001b\[2J "x+$/m, 'weirctl shows it');

my %deliveries;
for my $server (values %servers) {
    for my $body ($server->bodies) { $deliveries{$1}++ while $body =~ /"((?:cut|hang|fail)-\d)"/g }
}
note(join ', ', map { "$_: $deliveries{$_}" } POISON);
cmp_ok($deliveries{$_}, '<=', /cut/ ? MOST_CUT : MOST, "$_ was delivered a few times") for POISON;
# A server that the machine holds up may fail its health probe; deliveries alone never open the breaker here.
unlike($node->log, qr/msg="breaker changed" .*analyzer=$_ state=open reason="(?!its health probe)/, "no poison opened the breaker of $_") for sort keys %servers;
is($metric->('weir_poison_packets_total'), scalar(my @all = POISON), 'the metric counts them');
is($metric->('weir_suspect_packets'), 0, 'and none waits any more');
done_testing;
