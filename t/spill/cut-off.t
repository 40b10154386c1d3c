# A node ends while an analyzer does not answer. After drain-timeout its deliveries are cut: what it had acknowledged goes
# into the spill, or the accounts say that it is lost.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;

alarm 300;
# A busy machine is not what this is about.
my @hurried = ('--redis-timeout', '1s', '--drain-timeout', '500ms', '--delivery-timeout', '60s', '--probe-fall', 10);
my $n_packets = 50;

# A node, and an analyzer that takes deliveries and never answers.
sub start (@node) {
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ @hurried, @node ]);
    my $server = Weir::FakeServer->start(sub ($n, $body, $path) { return $path eq '/ingest' ? { hang => 1 } : {} });
    is(http(PUT => $cluster->node(1)->{admin} . '/v1/analyzers/silent', { url => $server->url('/ingest'), weight => 1, ttl_ms => 600_000 })->{status}, 201, 'there is an analyzer');
    $cluster->wait_known('silent');
    return ($cluster, $cluster->node(1), $server);
}
sub n_spilled ($cluster) { return $cluster->redis->command(XLEN => 'weir:{default}:spill') }
sub wait_in_flight ($node, $n) {
    wait_until { metrics($node)->{weir_in_flight_packets} >= $n } 20, "$n packets to be under way";
    return;
}
sub accounts ($cluster) { return run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout} =~ /^(accounts .*)$/m ? $1 : 'no accounts' }

# Ends it: what its accounts say then.
sub end ($cluster, $node) {
    is($node->end, 0, 'it ends well');
    like($node->log, qr/from=finishing to=storing/, 'though not all deliveries have ended');
    unlike($node->log =~ s/.*to=storing//sr, qr/breaker changed/, 'for which nobody is to blame');
    pop @{ $cluster->{nodes} };
    return accounts($cluster);
}

subtest 'what was acknowledged as received is in the spill' => sub {
    my ($cluster, $node, $server) = start('--ack', 'received', '--syslog-listen', '127.0.0.1:0');
    my $syslog = Weir::Raw->connect($node->wait_log(qr/component=listen msg=listening .*listener=syslog addr=(\S+)/));
    my $report = $cluster->load(count => $n_packets, rate => 1000, connections => 10);
    is($report->{status}, 0, 'packets are accepted at once');
    $syslog->send("<13>one line\n");
    wait_in_flight($node, $n_packets + 1);
    my $accounts = end($cluster, $node);
    unlike($node->log, qr/is lost/, 'and loses nothing');
    like($accounts, qr/^accounts +ok .* spilled \Q${\($n_packets + 1)}\E of .* lost 0 of 0 \+ in flight 0 of 0 \+ in flight in ended runs 0 of 0;/, 'as its accounts say');
    is(n_spilled($cluster), $n_packets + 1, 'all of it is in the spill');

    $server->stop;
    $cluster->start_node('n2');
    $cluster->start_analyzer(a1 => 1);
    wait_until { n_spilled($cluster) == 0 } 60, 'the spill to be empty';
    my $times = $cluster->recorded;
    is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'and reaches an analyzer later on');
};

subtest 'an agent that waits is answered' => sub {
    my ($cluster, $node, $server) = start();
    my $agent = Weir::Raw->connect($node->{ingest});
    $agent->send(request(POST => '/ingest', '{"id":"p1","messages":[{},{}]}'));
    wait_in_flight($node, 1);
    my $accounts = end($cluster, $node);
    is($agent->answer->{status}, 202, 'that its packet is safe');
    is(n_spilled($cluster), 1, 'in the spill');
    like($accounts, qr/ spilled 1 of 2 .* refused 0 of 0 .* in flight in ended runs 0 of 0;/, 'as the accounts say');
};

subtest 'what nothing can store is lost, and told' => sub {
    my ($cluster, $node, $server) = start('--ack', 'received', '--spill-max-bytes', '0');
    my $report = $cluster->load(count => $n_packets, rate => 1000, connections => 10, messages => 3);
    is($report->{status}, 0, 'packets are accepted at once');
    wait_in_flight($node, $n_packets);
    my $accounts = end($cluster, $node);
    like($node->log, qr/msg="an acknowledged packet is lost".* messages=3 /, 'the log has each of them');
    like($accounts, qr/ lost $n_packets of ${\(3 * $n_packets)} \+ in flight 0 of 0 \+ in flight in ended runs 0 of 0;/, 'and so have the accounts in Redis');
};

done_testing;
