# A node is killed at full load: what it had acknowledged is delivered, and the credit that it held is soon back in the pot.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use List::Util qw(all max sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

use constant { HEADER => 11, NOTHING => 1e-6 }; # doubles before the columns of `hot`

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 3);

# At one moment, by slot: what the analyzers are owed in the pot, what each worker holds, and what was routed.
sub ledger () {
    my ($hot, $held) = @{ $cluster->redis->command(EVAL => <<~'LUA', 2, 'weir:{default}:hot', 'weir:{default}:held') };
        local held = {}
        local flat = redis.call('HGETALL', KEYS[2])
        for i = 1, #flat, 2 do
          local taken = cmsgpack.unpack(flat[i + 1]).taken
          held[flat[i]] = {0}
          for k = 1, #taken / 8 do held[flat[i]][k] = struct.unpack('<d', taken, 8 * k - 7) end
        end
        return {redis.call('GET', KEYS[1]), cjson.encode(held)}
        LUA
    my @hot = unpack 'd<*', $hot;
    my $n_slots = $hot[1];
    my ($share, $pot, $routed) = map { [ splice @{[ @hot ]}, HEADER + $_ * $n_slots, $n_slots ] } 0 .. 2;
    return { share => $share, pot => $pot, routed => $routed, held => decode_json($held) };
}
sub of ($vector) { return join ' ', map { sprintf '%+.2f', $_ } @$vector }
sub most ($vector) { return max(map { abs } @{ $vector // [0] }) }
sub adds_up ($ledger) { return all { abs sum0(@$_) < NOTHING } $ledger->{pot}, values %{ $ledger->{held} } }

my $load = $cluster->begin_load(rate => 4000, messages => '1-9', duration => 0, retries => 2);
wait_until { sum0(values %{ $cluster->counts }) >= 20_000 } 20, 'the load is on';
wait_until { most(ledger->{held}{'n3/0'}) > 0.5 } 10, 'the node to hold credit';

$cluster->node(3)->kill_now;
my $killed = time;
my $then = ledger;
note('the dead one holds ' . of($then->{held}{'n3/0'}) . '; the pot has ' . of($then->{pot}));
ok(adds_up($then), 'nobody is owed anything on the whole');
pop @{ $cluster->{nodes} };

my ($now, $wrong) = (undef, 0);
wait_until { $now = ledger; $wrong += !adds_up($now); most($now->{held}{'n3/0'}) == 0 } 10, 'its credit to be given back';
my $seconds = time - $killed;
note(sprintf 'given back after %.2f s', $seconds);
pass('what it held is back in the pot once its lease is over');
is($wrong, 0, 'all the while nothing was owed to nobody');

$load->signal('INT');
my $report = $cluster->finish_load($load);
wait_until { $now = ledger; !grep { most($_) > 0 } values %{ $now->{held} } } 10, 'the others to give back theirs';
ok(adds_up($now), 'the pot adds up');
my $total = sum0 @{ $now->{routed} };
my @owed = map { $now->{share}[$_] * $total - $now->{routed}[$_] } 0 .. $#{ $now->{routed} };
note(sprintf 'of %d messages routed the shares would owe %s; the pot has %s', $total, of(\@owed), of($now->{pot}));
cmp_ok(most([ map { $now->{pot}[$_] - $owed[$_] } 0 .. $#owed ]), '<', 1e-3, 'and it is what the shares owe: pot = share * routed - routed of each');

my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'all that was acknowledged is recorded');
note(sprintf '%d packets acknowledged, %d delivered more than once', scalar @{ $report->{acked} }, scalar grep { $_ > 1 } values %$times);
my $verify = run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout};
like($verify, qr/^$_ +ok /m, "verify: the $_ add up") for qw(accounts credit);
note($verify);

done_testing;
