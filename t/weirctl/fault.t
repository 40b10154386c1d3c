# Faults set in the registry are obeyed by the analyzer at its next heartbeat, and end when they are cleared.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

alarm 500;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my $a1 = $cluster->start_analyzer(a1 => 1, '--ttl', '3s', '--open-deliveries');
$cluster->start_analyzer(a2 => 1, '--ttl', '3s');
$cluster->wait_known(qw(a1 a2));

sub ctl (@arguments) { return run('weirctl', '--redis', $cluster->redis->url, @arguments) }
sub deliver () { return http(POST => "http://$a1->{addr}/ingest", { messages => [1] })->{status} }
sub health () { return http(GET => "http://$a1->{addr}/health")->{status} }
sub breaker ($pattern) { return ctl('nodes')->{stdout} =~ /^n1 +1  \w+ +$pattern/m }

sub fault ($expected, @options) {
    my $before = () = $a1->log =~ /the registry changed the fault/g;
    my $run = ctl('fault', 'a1', @options);
    is($run->{status}, 0, "fault @options") or diag $run->{stderr};
    like($run->{stdout}, qr/^a1: \Q$expected\E, from its next heartbeat on$/m, 'says what will be');
    wait_until { (() = $a1->log =~ /the registry changed the fault/g) > $before } 10, 'the heartbeat brings it';
}

sub seconds () {
    my $start = time;
    is(deliver, 200, 'it takes a delivery');
    return time - $start;
}

fault('fault slow:3000', '--latency', '3s');
cmp_ok(seconds, '>=', 3, 'after the latency asked for');
like(ctl('status', '--json')->{stdout}, qr/"id":"a1"/, 'it is still registered');
fault('fault error:0.3', '--errors', '0.3');
my $n_errors = grep { deliver == 500 } 1 .. 400;
ok($n_errors > 70 && $n_errors < 180, 'that part of deliveries is refused') or diag "$n_errors of 400";
is(health, 200, 'while its health is fine');

fault('fault down', '--off');
is(deliver, 500, 'off it takes nothing');
is(health, 503, 'and fails its health check');
wait_until { breaker(qr/a1 +-/) } 15, 'the node finds out by itself';
pass('the node finds out by itself');
wait_until { ctl('status', '--json')->{json}{analyzers}[0]{share} == 0 } 10, 'its share goes to the other one';
my $load = $cluster->load(rate => 200, count => 200);
is($load->{status}, 0, 'packets are taken all the same');

fault('no fault', '--clear');
is(deliver, 200, 'cleared it takes deliveries');
cmp_ok(seconds, '<', 3, 'without that latency');
is(health, 200, 'and is healthy');
wait_until { breaker(qr/- +-/) && ctl('status', '--json')->{json}{analyzers}[0]{share} == 0.5 } 20, 'it has its share again';
pass('the breaker closes, and it has its share again');

is(ctl('fault', 'a1', 'slow:5')->{status}, 0, 'a word for an analyzer of your own still goes');
is(ctl('fault', 'a1', 'none')->{status}, 0, 'and none');
for my $wrong ([], ['--off', '--clear'], ['--latency', '200ms', '--errors', '0.3'], ['--latency', '2m'], ['--latency', 'x'],
    ['--errors', '1.5'], ['--errors', '0'], ['slow:5', '--off'], ['slow 5']) {
    is(ctl('fault', 'a1', @$wrong)->{status}, 2, "wrong usage: fault a1 @$wrong");
}
like(ctl('fault', 'a1')->{stderr}, qr/needs one of --latency TIME, --errors PART .*, --off, --clear$/, 'which says what is right');
is(ctl('fault', 'a9', '--off')->{stderr}, qq(weirctl: no analyzer "a9" in pool "default" (known: a1, a2)\n), 'one that is not there is named');
done_testing;
