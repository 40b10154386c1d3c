# weirctl looks at a pool and changes it, straight in Redis.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Test;

alarm 300;
my $redis = Weir::Redis->new;
my %slot = (a1 => 0, a2 => 1, a3 => 2);

sub ctl (@arguments) { return run('weirctl', '--redis', $redis->url, @arguments) }
sub hash ($name) { return $redis->hash("weir:{default}:$name") }

sub register ($id, $weight) {
    $redis->script('register', 'default', $id, 'http://127.0.0.1:9/ingest', $weight, 60000, "i-$id", '{}', -1, 0, '', '');
}

# 10 packets of 10 messages as the scripts choose, delivered (but for those missing) and processed.
sub traffic ($missing = 0) {
    state $number = 0;
    state $delivered_messages = 0;
    my $packets = 10 * (1 + $number / 2);
    my (undef, undef, undef, undef, $choices) = @{$redis->script('route', 'default', 'n1/0', 't', ++$number, 0,
        pack('V*', (10) x 10), '', 1e6)};
    my @got = (0) x 3;
    $got[$_] += 10 for unpack 'v*', $choices;
    $got[0] -= $missing;
    $delivered_messages += sum0 @got;
    $redis->script('settle', 'default', 'n1/0', 't', ++$number, 0, 60000, 0,
        pack('d<*', (0) x 6, @got, map({ $_ / 10 } @got), (0) x 3), '', 1e6, '{"mode":"exact"}', '1',
        sprintf '{"received":[%d,%d],"delivered":[%d,%d]}', $packets, 10 * $packets, $packets, $delivered_messages);
    my $delivered = hash('delivered');
    $redis->script('renew', 'default', $_, "i-$_", $delivered->{$_}) for sort keys %slot;
}

my $empty = ctl('status');
is($empty->{status}, 0, 'an empty pool has a status');
like($empty->{stdout}, qr/no analyzers/, 'which says that nobody is there');
is(ctl('verify', '--wait', '0')->{status}, 1, 'a pool without traffic is not verified');

register(a1 => 0.5);
register(a2 => 0.3);
register(a3 => 0.2);
traffic();

my $status = ctl('status');
like($status->{stdout}, qr/^a1 +active +up +0\.5 +50\.00 % +50\.00 % +\+0\.000 % +50 +50 +50 /m, 'a line for each analyzer');
like($status->{stdout}, qr/^n1 +1 +exact +-$/m, 'a line for each node');
my $json = ctl('status', '--json')->{json};
is_deeply([map { $_->{share} } @{$json->{analyzers}}], [0.5, 0.3, 0.2], 'and the same for programs');
is($json->{totals}{messages}, 100, 'with totals');
is($json->{accounts}{received}{messages}, 100, 'and accounts');
like($status->{stdout}, qr/^received 10 packets of 100 messages = delivered 10 of 100 \+ spilled 0 /m, 'which are a line');

my $verify = ctl('verify');
is($verify->{status}, 0, 'all is well after traffic that followed the weights') or diag $verify->{stdout};
my %check = map { $_->{check} => $_ } @{ ctl('verify', '--json')->{json}{checks} };
is($check{delivered}{routed}, 100, 'and it says by which figures');
is_deeply($check{accounts}{difference}, { packets => 0, messages => 0 }, 'the accounts add up');

my $weight = ctl('weight', 'a1', '2');
is($weight->{status}, 0, 'a weight can be set');
like($weight->{stdout}, qr/^a1: active, weight 2, share 80\.00 %/, 'and what that makes is said');
is(hash('weight')->{a1}, '2', 'the registry has it');
ctl('weight', 'a1', '200');
like(ctl('verify', '--wait', '0')->{stdout}, qr/^shares +NOT OK .*--for/m, 'totals do not follow a new weight');
ctl('weight', 'a1', '2');

ctl('drain', 'a1');
is(hash('state')->{a1}, 'draining', 'an analyzer can be drained');
is(ctl('status', '--json')->{json}{analyzers}[0]{share}, 0, 'and has no share then');
ctl('disable', 'a1');
is(hash('state')->{a1}, 'disabled', 'disabled');
ctl('enable', 'a1');
is(hash('state')->{a1}, 'active', 'and enabled again');
ctl('fault', 'a1', 'slow:250');
is($redis->script('renew', 'default', 'a1', 'i-a1', '')->[2], 'slow:250', 'a fault goes with the next heartbeat');
ctl('fault', 'a1', 'none');
is($redis->script('renew', 'default', 'a1', 'i-a1', '')->[2], '', 'and is taken back');

my $unknown = ctl('weight', 'a9', '1');
is($unknown->{status}, 1, 'an analyzer that is not there is a failure');
is($unknown->{stderr}, qq(weirctl: no analyzer "a9" in pool "default" (known: a1, a2, a3)\n), 'with those that are');
is(ctl(@$_)->{status}, 2, "wrong usage: @$_")
    for ['weight', 'a1'], ['weight', 'a1', 'x'], ['weight', 'a1', '-1'], ['wieght', 'a1', '1'], [], ['status', '--frob'];
like(ctl('wieght')->{stderr}, qr/did you mean weight\?/, 'a mistyped command is told from the right one');
is(ctl($_, '--help')->{status}, 0, "$_ has help") for qw(status watch weight drain enable disable fault verify);

is(scalar(() = ctl('watch', '--interval', '50ms', '--count', '3')->{stdout} =~ /^pool default/mg), 3, 'watch looks again');
my $watch = Weir::Process->start([ 'weirctl', '--redis', $redis->url, 'watch', '--json' ], name => 'watch');
wait_until { $watch->log =~ /"epoch"/ } 20, 'a first look';
$watch->signal('INT');
is($watch->wait_end, 0, 'and ends well when interrupted');
like(ctl('verify', '--for', '50ms')->{stdout}, qr/nothing was routed in this time/, 'a time without traffic proves nothing');
traffic(7);
like(ctl('verify', '--wait', '0')->{stdout}, qr/^delivered +NOT OK .*difference 7/m, 'what is missing is told');
like(ctl('verify', '--wait', '0')->{stdout}, qr/^accounts +NOT OK  received 20 packets of 200 .*; difference 0 of 7$/m, 'by the accounts too');
$redis->kill_now;
is(ctl('status')->{status}, 1, 'without Redis there is no status');
done_testing;
