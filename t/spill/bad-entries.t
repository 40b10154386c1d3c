# An entry of the spill that is no packet, from another program or damaged, becomes a dead letter; its neighbours are
# delivered. The same damage among dead letters and accounts stops nobody.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my ($redis, $node) = ($cluster->redis, $cluster->node(1));
my ($spill, $dead) = ('weir:{default}:spill', 'weir:{default}:dead');
my $push = sub (@bodies) { $redis->script('spill_push', 'default', 'n9', 1 << 30, map { ('', 'application/json', 1, 1, $_, 0, '') } @bodies) };
my @bad = (
    [ 'no number of messages', messages => 'nan', body => '["a"]' ],
    [ 'less than none',        messages => -5,    body => '["b"]' ],
    [ 'no whole number',       messages => 1.5,   body => '["c"]' ],
    [ 'infinitely many',       messages => 'inf', body => '["d"]' ],
    [ 'a time that is none',   messages => 1,     body => '["e"]', received_ms => 'nan' ],
    [ 'no body',               messages => 1 ],
    [ 'nothing of a packet',   x => 'y' ],
);
$push->('["first"]');
$redis->command(XADD => $spill, '*', @$_[ 1 .. $#$_ ]) for @bad;
$push->('["last"]');
$redis->command(HSET => 'weir:{default}:accounts', 'n8/0#x', 'no JSON', 'n8/1#x', '{"received":7}');
$redis->command(HSET => 'weir:{default}:spill_total', messages => 'nan', bytes => 'many');
$cluster->start_analyzer('a1', 1);
wait_until { $redis->command(XLEN => $spill) == 0 } 20, 'the spill to be empty';
pass('the spill drains, although ' . @bad . ' of its entries are no packets');
is(metrics($node)->{weir_delivered_packets_total}, 2, 'the two packets among them are delivered');
is($redis->command(XLEN => $dead), scalar @bad, 'and each of the others is a dead letter');
my @reasons = map { my %field = @{ $_->[1] }; $field{reason} } @{ $redis->command(XRANGE => $dead, '-', '+') };
is((grep { /^not a packet/ } @reasons), scalar @bad, '... which says why');
my $list = http(GET => "$node->{admin}/v1/dead?limit=20");
is(scalar @{ $list->{json}{entries} }, scalar @bad, 'the API lists them');
is($redis->hash('weir:{default}:spill_total')->{messages}, 0, 'the totals are numbers again');
is($cluster->load(rate => 100, duration => 1, connections => 5)->{status}, 0, 'packets are taken and delivered as ever');
like(run('weirctl', '--redis', $redis->url, 'status')->{stdout}, qr/a1/, 'and the pool can be looked at, accounts and all');
done_testing;
