# With latency-limit, an analyzer that is slower than the others gets the share that keeps it below, and everybody is told.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

use constant { RATE => 150, LIMIT => '300ms', SLOW_MS => 800 };

alarm 450;
my %sides = map { $_ => Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 }, node => [ '--ack-within', 0, '--latency-limit', $_ eq 'on' ? LIMIT : 0 ]) } qw(on off);
for my $side (values %sides) {
    $side->start_analyzer(a3 => 1, '--delay-ms', SLOW_MS);
    $side->wait_known('a3');
}
sub metric ($side, $metric) { return metrics($sides{$side}->node(1))->{$metric} // 0 }
sub get ($side, $path) { return http(GET => $sides{$side}->node(1)->{admin} . $path)->{json} }
sub overview_of ($side, $id) { return (grep { $_->{id} eq $id } @{ get($side, '/v1/overview')->{analyzers} })[0] }

my %load = map { $_ => $sides{$_}->begin_load(rate => RATE, messages => 1, duration => 0, connections => 200) } keys %sides;
wait_until { metric('on', 'weir_slow_workers{analyzer="a3"}') } 20, 'the slow one to be found';
pass('the slow one is found, and a metric says so');
wait_until { overview_of('on', 'a3')->{slow_workers} } 10, 'the overview';
is((grep { $_->{state} eq 'slow' } @{ overview_of('on', 'a3')->{trouble} })[0]{worker}, 'n1/0', 'the overview says which worker finds it slow');
wait_until { grep { $_->{kind} eq 'slow' } @{ get('on', '/v1/events')->{events} } } 10, 'the event';
my ($event) = grep { $_->{kind} eq 'slow' } @{ get('on', '/v1/events')->{events} };
is("$event->{analyzer} $event->{now}", 'a3 slow', 'the journal has an event of it');
is($event->{text}, 'n1/0 gives a3 less than its share: it is slower than latency-limit', 'in words');

my $routed = 'weir_routed_messages_total{analyzer="%s"}';
my %from = map { my $side = $_; map { ("$side $_" => metric($side, sprintf $routed, $_)) } qw(a1 a3) } keys %sides;
sub got ($side, $id) { return metric($side, sprintf $routed, $id) - $from{"$side $id"} }
wait_until { got('on', 'a1') >= 5 * RATE && got('off', 'a1') >= 2 * RATE } 40, 'some more packets';
my %got = map { my $side = $_; map { ("$side $_" => got($side, $_)) } qw(a1 a3) } keys %sides;
note(join ', ', map { "$_ $got{$_}" } sort keys %got);
cmp_ok($got{'on a3'}, '<', 0.5 * $got{'on a1'}, 'it gets less than half of the others then');
cmp_ok($got{'off a3'}, '>', 0.8 * $got{'off a1'}, 'without a limit it gets its share');
is(metric('off', 'weir_slow_workers{analyzer="a3"}'), 0, 'and is not called slow');
is(metric('on', 'weir_slow_workers{analyzer="a1"}') + metric('on', 'weir_slow_workers{analyzer="a2"}'), 0, 'the fast ones are not, either');

$_->signal('INT') for values %load;
is_deeply({ map { $_ => $sides{$_}->finish_load($load{$_})->{status} } keys %load }, { on => 0, off => 0 }, 'no agent saw an error');
done_testing;
