# The past of the pool outlives its nodes: one that starts shows what others saw before it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(max sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.5 });
my $get = sub ($path, $i = 1) { http(GET => $cluster->node($i)->{admin} . $path)->{json} };
my $past = sub ($range, $i = 1) { $get->("/v1/history?range=$range", $i) };
my $redis = $cluster->redis;
sub stored () { return $redis->command('HLEN', 'weir:{default}:past') }
# Steps of which it is known that something was routed.
sub busy ($past) { return scalar grep { ($_ // 0) > 0 } @{ $past->{packets_per_s} } }

is(http(GET => $cluster->node(1)->{admin} . "/v1/history?range=$_")->{status}, 400, "a range that there is not is refused: $_") for qw(1d 10 10mm);
is(stored(), 0, 'an idle pool stores nothing');
my $load = $cluster->begin_load(rate => 200, messages => '1-9', duration => 0);
wait_until { stored() > 0 } 100, 'a whole minute to be stored';
pass('the pool stores what it did in a minute');
my $seen = $past->('1h');
is($seen->{step_ms}, 60_000, 'an hour is told by the minute');
is(@{ $seen->{analyzers}[0]{$_} }, @{ $seen->{times_ms} } - 1, "$_ has a value between each two times") for qw(messages_per_s p99_ms error_ratio);
ok((grep { defined } @{ $seen->{analyzers}[0]{p99_ms} }), 'with latencies');
is($past->('6h')->{step_ms}, 300_000, 'six hours by five minutes');

$cluster->node(2)->kill_now;
my $late = $cluster->start_node('n9');
wait_until { busy(http(GET => "$late->{admin}/v1/history?range=1h")->{json}) > 1 } 30, 'the node that started to know the past';
pass('a node that starts knows what was before it');
# Redis comes back empty: the nodes give it the past again.
$redis->command('FLUSHALL');
wait_until { stored() > 1 } 60, 'the past to be stored again';
cmp_ok(busy(http(GET => "$late->{admin}/v1/history?range=1h")->{json}), '>', 1, 'a Redis that came back empty gets the past again, and the chart keeps it');

$cluster->node(1)->kill_now;
my $alone = http(GET => "$late->{admin}/v1/history?range=1h")->{json};
cmp_ok(busy($alone), '>', 1, 'and keeps it when the one that stored it is gone');
is_deeply([ map { $_->{id} } @{ $alone->{analyzers} } ], [qw(a1 a2)], 'of each analyzer');

$load->signal('TERM');
$load->wait_end;
done_testing;
