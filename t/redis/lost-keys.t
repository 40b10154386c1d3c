# Each key of the registry is lost, by itself or because another program writes another type over it: nodes notice, and
# within two heartbeats every analyzer is there again with its weight, its slot and its share. So it is where slots are lost
# with the vectors, and where an analyzer is given a slot that is not its own.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 400;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my ($redis, $node) = ($cluster->redis, $cluster->node(1));
$cluster->patch(a1 => { weight => 1.5 });    # an operator's, that no analyzer declares
my $picture = sub {
    my $cluster = eval { $cluster->cluster } or return '';
    my $slot = eval { $redis->hash('weir:{default}:slot') } or return '';
    return join ' ', map { sprintf '%s:%d:%s:%.3f', $_->{id}, $slot->{ $_->{id} } // -1, $_->{weight}, $_->{share} } sort { $a->{id} cmp $b->{id} } @{ $cluster->{analyzers} };
};
wait_until { $picture->() =~ /^a1:\d:1.5:0.750 a2:\d:0.3:0.150 a3:\d:0.2:0.100$/ } 10, 'the weights';
my $right = $picture->();
my $flood = sub { $cluster->load(rate => 100, duration => 0.3, connections => 5) };
my $n_spilled = sub { $redis->command(XLEN => 'weir:{default}:spill') };
my $losses = sub { my $n = 0; $n += metrics($_)->{weir_registry_losses_total} for $cluster->nodes; return $n };
my $is_served = sub { eval { $picture->() eq $right } && !grep { http(GET => "$_->{admin}/readyz")->{status} != 200 } $cluster->nodes };

# The type of each key, by the headers of the two scripts that look after all of them.
my $keys = join ',', map { slurp(Weir::Test::bin_dir() . "/../lua/$_.lua") =~ /\n-- KEYS\n(.*?)\n-- ARGV\n/s } qw(mend spill_look);
my %type = $keys =~ /\d+ ([a-z_]+) (STRING|HASH|ZSET|STREAM)/g;
cmp_ok(scalar keys %type, '>', 20, 'there are keys');
# Those whose loss nothing else tells: they are figures for people, or may be missing.
my %is_silent = map { $_ => 1 } qw(processed journal report credit routed delivered delivered_packets forgiven accounts flaps dead spill spill_total spill_workers spill_seen spill_pushes unreachable kept);
my $lose = sub ($name, $how, @then) {
    my $key = "weir:{default}:$name";
    my $before = $losses->();
    my @other = $type{$name} eq 'STRING' ? ('RPUSH', $key, 'x') : ('SET', $key, 'x');
    $redis->command('MULTI'); # or a node that writes the key in between is faster
    $redis->command(DEL => $key);
    $redis->command(@other) if $how eq 'overwritten';
    $redis->command(@$_) for @then;
    $redis->command('EXEC');
    wait_until { $losses->() > $before } 20, "the loss of $name to be noticed" if $how eq 'overwritten' || !$is_silent{$name};
    wait_until { $is_served->() } 20, "$name to be right again: $right, and not " . $picture->();
    my $report = $flood->();
    ok($report->{status} == 0, "$name is $how: noticed, and right again at once");
};
$lose->($_, 'deleted')     for sort keys %type;
$lose->($_, 'overwritten') for sort keys %type;
$lose->(info => 'deleted', [ INCR => 'weir:{default}:epoch' ], [ PUBLISH => 'weir:{default}:events', 'epoch 0 read it, before anybody notices' ]) for 1 .. 3;
my ($last) = $right =~ /(\w+):2:/;
my $settled = sub ($n) { return [ SET => 'weir:{default}:hot', pack 'd<*', 1, $n, (0) x (9 + 6 * $n) ] };    # before anybody notices
$lose->(slot  => 'deleted', $settled->(0));
$lose->(hot   => 'deleted', $settled->(2), [ HDEL => 'weir:{default}:slot', $last ]);
$lose->(flaps => 'deleted', [ HSET => 'weir:{default}:slot', a1 => 900 ]);
is(length $redis->command(GET => 'weir:{default}:hot'), 8 * (11 + 6 * 3), 'the vectors have three slots as before');
wait_until { $n_spilled->() == 0 } 10, 'the spill to be empty';
like($node->log . $cluster->node(2)->log, qr/msg="the registry has lost data" .*keys=slot/, 'the log says what was lost');
ok((grep { $_->{kind} eq 'data_lost' && $_->{cause} =~ /\bweight\b/ } @{ http(GET => "$node->{admin}/v1/events?limit=1000")->{json}{events} }), 'and so does the journal')
    or diag(explain(http(GET => "$node->{admin}/v1/events?limit=1000")->{json}));
done_testing;
