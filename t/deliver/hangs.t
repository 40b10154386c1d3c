# An analyzer takes deliveries and never answers, though its /health is good: after three seconds the agents do not notice any more.
#
# Clusters under the same load at the same time. In one of them all analyzers answer: whatever else happens on the machine happens to it, too.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

use constant { AGENTS => 40, RATE => 200, FOUND_S => 3, WATCHED_S => 7 };

alarm 450;
my $flag = folder . '/hang';
my %deliveries = (fine => 'batch', batch => 'batch', packet => 'packet', trickle => 'batch', line => 'batch');
my %answers = (fine => {}, batch => { hang => 1 }, packet => { hang => 1 }, trickle => { raw => "HTTP/1.1 200 OK\r\nX: ", trickle => 'x' },
    line => { raw => 'H', trickle => "TTP/1.1 200 OK\r\nX: x" });
my %sides;
for my $name (sort keys %answers) {
    my $script = sub ($n, $body, $path) { return $path eq '/ingest' && -e $flag ? $answers{$name} : { status => 200 } };
    my $side = $sides{$name} = { cluster => Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 }), fake => Weir::FakeServer->start($script) };
    $side->{node} = $side->{cluster}->node(1);
    http(PUT => "$side->{node}{admin}/v1/analyzers/a3",
        { url => $side->{fake}->url('/ingest'), weight => 1, ttl_ms => 600_000, accepts => $deliveries{$name} });
    $side->{cluster}->wait_known('a3');
}
sub metric ($name, $metric) { return metrics($sides{$name}{node})->{$metric} // 0 }
sub events ($name) { return grep { ($_->{analyzer} // '') eq 'a3' && $_->{kind} eq 'breaker' } @{ http(GET => "$sides{$name}{node}{admin}/v1/events")->{json}{events} } }
sub all ($metric) { return map { $_ => metric($_, $metric) } keys %sides }

$_->{load} = $_->{cluster}->begin_load(rate => RATE, connections => AGENTS, messages => 1, duration => 0, timeout => '30s') for values %sides;
my $delivered = 'weir_delivered_packets_total{analyzer="a3"}';
for my $name (keys %sides) { wait_until { metric($name, $delivered) >= RATE } 20, "the load on $name" }

open my $file, '>', $flag or die "$flag: $!";
my $since = time;
wait_until { time >= $since + FOUND_S } FOUND_S + 5, 'the time that finding out may take';
my %accepted = all('weir_accepted_packets_total');
my %sent = all('weir_batches_total{analyzer="a3"}');
wait_until { time >= $since + FOUND_S + WATCHED_S } WATCHED_S + 5, 'the time that is looked at';
my %later = all('weir_accepted_packets_total');
my %tried = all('weir_batches_total{analyzer="a3"}');
my %came = map { $_ => $later{$_} - $accepted{$_} } keys %sides;
note(join ', ', map { "$_: $came{$_} packets, $tried{$_} - $sent{$_} deliveries to a3" } sort keys %came);
for my $name (qw(batch packet trickle line)) {
    cmp_ok($came{$name}, '>=', 0.8 * $came{fine}, "$name: what is offered comes through"); # a busy machine has its part
    cmp_ok($tried{$name} - $sent{$name}, '<=', 10, "$name: one delivery at a time tries, now and then");
    cmp_ok(metric($name, 'weir_hangs_total{analyzer="a3"}'), '>=', 1, "$name: the metric says that it hangs");
    is((events($name))[0]{now}, 'hanging', "$name: the first event about it says so, too");
    cmp_ok(metric($name, 'weir_breaker_opened_total{analyzer="a3"}'), '>=', 1, "$name: a timeout opens the breaker");
}
is(metric('fine', 'weir_hangs_total{analyzer="a3"}'), 0, 'where all answer, none hangs');

unlink $flag;
for my $name (qw(batch packet trickle line)) {
    my $before = metric($name, $delivered);
    wait_until { metric($name, $delivered) >= $before + RATE } 60, "a3 of $name to be in use again";
    pass("$name: once it answers, it is in use again");
}
$_->{load}->signal('INT') for values %sides;
is_deeply({ map { $_ => $sides{$_}{cluster}->finish_load($sides{$_}{load})->{status} } keys %sides }, { map { $_ => 0 } keys %sides }, 'no agent saw an error');
done_testing;
