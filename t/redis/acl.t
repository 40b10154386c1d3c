# A user of Redis with just the rights that docs/operating.md names is enough for everything; and where a managed Redis
# forbids what is only a courtesy, every script still runs to its end.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;
use Weir::Cluster;
use Weir::Redis;
use Weir::Test;

alarm 450;
my ($acl) = slurp(checkout . '/docs/operating.md') =~ /^ +ACL SETUSER weir (.*)$/m;
ok($acl, 'docs/operating.md has the line');

package Restricted {
    our @ISA = 'Weir::Redis';
    sub url ($self) { return 'redis://weir:secret@127.0.0.1:' . $self->port . '/0' }
}

# What a pool does in its life; the rules are for the user `weir` alone.
sub live ($title, @rules) {
    my $redis = bless Weir::Redis->new, 'Restricted';
    $redis->command(qw(ACL SETUSER weir), @rules);
    my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 1, a2 => 1 }, redis => $redis);
    my $node = $cluster->node(1);
    my $epoch = sub { $cluster->cluster->{epoch} };
    $cluster->patch(a1 => { weight => 3 });    # dies of any answer but 200
    wait_until { my ($a) = grep { $_->{id} eq 'a1' } @{ $cluster->cluster(2)->{analyzers} }; $a->{weight} == 3 } 20, 'the other node to know it';
    pass("$title: a weight is changed, and the other node knows it");
    is($cluster->load(rate => 200, duration => 1, connections => 10)->{status}, 0, "$title: packets are taken");
    my $before = $epoch->();
    is(http(POST => "http://$node->{ingest}/ingest", '["x"]')->{status}, 202, "$title: one more");
    $cluster->analyzer($_)->kill_now for qw(a1 a2);
    is($cluster->load(rate => 100, duration => 1, connections => 10)->{status}, 0, "$title: the spill takes them where no analyzer is there");
    cmp_ok($redis->command(XLEN => 'weir:{default}:spill'), '>', 50, "$title: they are in the spill");
    $cluster->start_analyzer('a1', 3);
    wait_until { $redis->command(XLEN => 'weir:{default}:spill') == 0 } 20, 'the spill to be empty';
    $redis->script('bury', 'default', '["bad"]', 1, 'a1', 400, 'n1', 10, 'p', 'application/json', 1, 1 << 20);
    my $list = http(GET => "$node->{admin}/v1/dead?limit=5");
    is(scalar @{ $list->{json}{entries} }, 1, "$title: dead letters are listed");
    is(http(GET => "$node->{admin}/v1/overview")->{status}, 200, "$title: the overview is there");
    is(http(POST => "$node->{admin}/v1/dead/replay", '{"all":true}', 'Content-Type' => 'application/json')->{status}, 200, "$title: they are replayed");
    is(run('weirctl', '--redis', $redis->url, $_)->{status}, 0, "$title: weirctl $_") for qw(status nodes spill);
    cmp_ok($epoch->() - $before, '<', 20, "$title: the epoch does not run away");
    return ($redis, $cluster);
}

my @rules = split ' ', $acl =~ s/>PASSWORD/>secret/r;
my ($redis, $cluster) = live('the documented user', @rules);
is_deeply([ map { my %entry = @$_; $entry{username} eq 'weir' ? "$entry{object} ($entry{reason})" : () } @{ $redis->command('ACL', 'LOG') } ], [], 'and it never asked for more');

my %is_courtesy = map { $_ => 1 } qw(+client|setname +publish +subscribe +memory|usage +config|get);
($redis, $cluster) = live('a user without courtesies', grep { !/^&/ && !$is_courtesy{$_} } @rules);
is((grep { http(GET => "$_->{admin}/readyz")->{status} != 200 } $cluster->nodes), 0, 'a user without courtesies: all nodes are ready');
done_testing;
