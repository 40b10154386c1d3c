# Nodes as analyzers of nodes: a packet that comes back to its pool is refused with 508, and said; a chain of pools is fine.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

alarm 300;
my @options = ('--ack-within', '300ms', '--spill-after', '300ms');
sub pool ($name, %more) { return Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ @options, '--pool', $name ], %more) }
sub join_pool ($cluster, $id, $url) {
    my ($node) = $cluster->nodes;
    my $answer = http(PUT => "$node->{admin}/v1/analyzers/$id", { url => $url, weight => 1, ttl_ms => 600000 });
    $node->wait_log(qr/msg="analyzer known" .*analyzer=$id /);
    return $answer->{status};
}
sub ingest ($cluster) { return 'http://' . $cluster->node(1)->{ingest} . '/ingest' }
sub metric ($cluster, $name) { return metrics($cluster->node(1))->{$name} // 0 }
sub send_to ($cluster, $id) { return http(POST => ingest($cluster), qq({"id":"$id","n":1})) }

subtest 'a node that is its own analyzer' => sub {
    my $one = pool('default');
    my $real = Weir::FakeServer->start(sub (@) { return { status => 200 } });
    join_pool($one, 'itself', ingest($one));
    is(send_to($one, "p$_")->{status}, 202, 'a packet is safe, whatever becomes of it') for 1 .. 3;
    cmp_ok(metric($one, 'weir_refused_requests_total{reason="loop"}'), '>=', 1, 'it is refused where it comes back');
    like($one->node(1)->log, qr/msg="a packet goes in a circle" .*reason=loop .*pools=default\/[0-9a-f]{8} /, 'the log says so');
    is($one->cluster->{dead}{packets}, 0, 'and it is no dead letter, for the way to this analyzer is wrong for all');
    join_pool($one, 'real', $real->url('/ingest'));
    is(send_to($one, "q$_")->{json}{status}, 'accepted', 'with another analyzer') for 1 .. 6;
    wait_until { my %got = map { $_ => 1 } map { /"id":"(\w+)"/g } $real->bodies; keys %got == 9 } 30, 'all packets to be there';
    pass('that gets all packets, those before it too');
};

subtest 'two pools in a circle' => sub {
    my $one = pool('one');
    my $two = pool('two');
    join_pool($one, 'two', ingest($two));
    join_pool($two, 'one', ingest($one));
    is(send_to($one, "p$_")->{status}, 202, 'a packet is taken') for 1 .. 20;
    my $dead = sub () { return http(GET => $two->node(1)->{admin} . '/v1/dead')->{json} };
    wait_until { $dead->()->{packets} == 20 } 30, 'all to be dead letters where they would come back from';
    my $letter = $dead->()->{entries}[0];
    is($letter->{reason}, 'status 508: it goes in a circle', 'with the reason');
    is($letter->{analyzer}, 'one', 'and the analyzer that leads back');
    like($letter->{answer}, qr/"code":"loop"/, 'and what it said');
    is(metric($one, 'weir_received_packets_total'), 20, 'none of them was taken twice');
    wait_until { $one->cluster->{accounts}{received}{packets} == 20 } 10, 'the accounts to say the same';
    my $real = Weir::FakeServer->start(sub (@) { return { status => 200 } });
    join_pool($two, 'real', $real->url('/ingest'));
    is(send_to($one, "q$_")->{status}, 202, 'with a way out') for 1 .. 10;
    wait_until { my %got = map { $_ => 1 } map { /"id":"(q\w+)"/g } $real->bodies; keys %got == 10 } 30, 'all packets to take it';
    is($dead->()->{packets}, 20, 'all packets take it');
};

subtest 'a chain of pools' => sub {
    my @pools = map { pool($_) } qw(default mid default); # each with a Redis of its own: two may have one name
    my $real = Weir::FakeServer->start(sub (@) { return { status => 200 } });
    join_pool($pools[0], 'mid', ingest($pools[1]));
    join_pool($pools[1], 'last', ingest($pools[2]));
    join_pool($pools[2], 'real', $real->url('/ingest'));
    is(send_to($pools[0], "p$_")->{status}, 202, 'a packet is taken') for 1 .. 20;
    wait_until { my %got = map { $_ => 1 } map { /"id":"(p\w+)"/g } $real->bodies; keys %got == 20 } 30, 'all packets to be there';
    is(metric($pools[$_], 'weir_refused_requests_total{reason="loop"}'), 0, "pool $_ sees no circle") for 0 .. 2;
};

subtest 'hops' => sub {
    my $one = pool('one');
    my $real = Weir::FakeServer->start(sub (@) { return { status => 200 } });
    join_pool($one, 'real', $real->url('/ingest'));
    my $try = sub ($hops, $via) { return http(POST => ingest($one), '{"id":"h"}', 'Weir-Hops' => $hops, 'Weir-Pool' => $via) };
    is($try->(8, 'a/1, b/2')->{status}, 202, 'eight are fine');
    my $refused = $try->(9, 'a/1, b/2');
    is("$refused->{status} $refused->{json}{code}", '508 too_many_hops', 'nine are not');
    is($refused->{json}{title}, 'Loop Detected', 'with a title');
};
done_testing;
