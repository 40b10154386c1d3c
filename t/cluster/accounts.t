# What became of every packet adds up: under load, with a node killed, a node started anew, and a Redis that lost all.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => { a1 => 0.5, a2 => 0.3, a3 => 0.2 });
my $redis = $cluster->redis;
my $account = sub ($name) { $cluster->cluster(2)->{accounts}{$name}{packets} };

# check => what it says, of weirctl verify.
sub verify (@options) {
    my $run = run('weirctl', '--redis', $redis->url, 'verify', '--json', @options);
    return { map { $_->{check} => $_ } @{ ($run->{json} // die $run->{stderr})->{checks} } };
}

sub all_add_up ($claim) {
    my @wrong = grep { !$_->{ok} } map { verify('--for', '50ms')->{accounts} } 1 .. 10;
    is_deeply(\@wrong, [], "$claim: they add up");
}

my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0, target => 'http://' . $cluster->node(2)->{ingest} . '/ingest');
my $other = $cluster->begin_load(rate => 1000, messages => '1-9', duration => 0, target => 'http://' . $cluster->node(1)->{ingest} . '/ingest');
wait_until { $account->('received') >= 3000 } 20, 'the load is on';
all_add_up('under load');

# ---- a node dies, and comes back under its name ----

$cluster->node(1)->kill_now;
$other->signal('INT');
$cluster->finish_load($other);
all_add_up('a node killed');
my $received = $account->('received');
my $again = $cluster->start_node('n1');
wait_until { $again->log =~ /msg="analyzer known"/ } 10, 'it is back';
all_add_up('a node started anew');
cmp_ok($account->('received'), '>=', $received, 'what the former process told is not forgotten');
wait_until { $redis->command(HLEN => 'weir:{default}:accounts') == 4 } 20, 'a field for each run of a worker';

# ---- an account is counted twice ----

wait_until { verify('--wait', '0')->{processed}{processed} } 10, 'the analyzers to say what they processed';
my ($run) = grep { /^n2/ } @{ $redis->command(HKEYS => 'weir:{default}:accounts') };
$redis->command(HSET => 'weir:{default}:accounts', 'n2/7#12345678', $redis->command(HGET => 'weir:{default}:accounts', $run));
my $twice = verify('--for', '50ms');
ok($twice->{accounts}{ok}, 'accounts that were counted twice still add up');
ok(!$twice->{packets}{ok}, 'that they tell more packets than the analyzers got is found');
like($twice->{packets}{detail}, qr/counted twice/, 'and said');
$redis->command(HDEL => 'weir:{default}:accounts', 'n2/7#12345678');
ok(verify('--for', '50ms')->{packets}{ok}, 'without it they are right');

# ---- Redis loses all ----

$redis->kill_now;
$redis->start;
wait_until { $account->('received') } 10, 'the first that is told';
all_add_up('a Redis emptied under load');
ok(verify('--for', '300ms')->{delivered}{ok}, 'what was under way then is not missed');
$load->signal('INT');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'no agent sees an error');
wait_until { $account->('received') >= $report->{accepted}{packets} && !$account->('in_flight') } 10, 'the accounts to be right again';
cmp_ok($account->('delivered'), '>=', $report->{accepted}{packets}, 'those of the nodes that live have lost nothing');
my $check = verify('--wait', '3s');
is_deeply([ map { $_->{detail} } grep { !$_->{ok} } @$check{qw(accounts packets delivered processed credit)} ], [], 'and all adds up at rest');
note("$_: $check->{$_}{detail}") for sort keys %$check;
cmp_ok($check->{accounts}{accounts}{delivered}{messages}, '>', $check->{delivered}{delivered}, 'though other figures began anew');
wait_until { verify('--wait', '0')->{processed}{processed} } 10, 'the analyzers to say what they processed';
ok(verify('--wait', '0')->{processed}{ok}, 'that analyzers have processed more than is on record now is no error');

done_testing;
