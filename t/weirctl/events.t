# weirctl events follows what happens in a pool, weirctl nodes shows who reaches whom.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 500;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.3 });
$cluster->start_analyzer(a3 => 0.2, '--ttl', '5m'); # killed, it is listed for as long as this takes
$cluster->wait_known('a3');
my @redis = ('--redis', $cluster->redis->url);
my $out = folder . '/events';
my $events = Weir::Process->start([ 'weirctl', @redis, 'events' ], name => 'events', stdout => $out);

sub wait_line ($pattern, $what) {
    my $is_there = eval { wait_until { slurp($out) =~ $pattern } 15, $what; 1 };
    ok($is_there, $what) or diag slurp($out);
}

wait_until { @{ $cluster->redis->command('PUBSUB', 'CHANNELS') } && (run('weirctl', @redis, 'status')->{status} == 0)
    && $cluster->redis->command('PUBSUB', 'NUMSUB', 'weir:{default}:events')->[1] == 3 } 10, 'it listens';
# the first look comes after that: changes until it is seen
my $weight = 2;
wait_until { run('weirctl', @redis, 'weight', 'a1', ++$weight); slurp($out) =~ /set a1 by \S+ with weirctl: / } 10, 'an event with changes';
my $time = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;
wait_line(qr/^$time  epoch \d+  set a1 by \S+ with weirctl: a1 weight [\d.]+ -> \d+; a1 share [\d.]+ % -> [\d.]+ %; a2 share /m,
    'a line has time, cause and what changed');
run('weirctl', @redis, 'drain', 'a2');
wait_line(qr/set a2 by \S+ with weirctl: a2 active -> draining; /, 'so has a change of state');
run('weirctl', @redis, 'fault', 'a3', '--errors', '0.5');
wait_line(qr/set a3 by \S+ with weirctl: a3 fault error:0\.5$/m, 'and a simulated fault');
run('weirctl', @redis, 'fault', 'a3', '--clear');
$cluster->start_analyzer(a4 => 1);
wait_line(qr/register a4: a4 joined: weight 1, share /, 'one that joins is told');
$cluster->analyzer('a4')->end;
wait_line(qr/deregister a4: a4 left; /, 'and one that leaves');

my $load = $cluster->begin_load(rate => 100, duration => 0);
run('weirctl', @redis, 'weight', 'a3', '50');
$cluster->analyzer('a3')->kill_now;
wait_line(qr/node n1 sends a3 nothing more/, 'a breaker that opens is told, with the node');
wait_line(qr/reach of n[12]\/0: .*a3 share [\d.]+ % -> 0\.0 %/, 'and what that makes of the shares');
wait_until { run('weirctl', @redis, 'nodes')->{stdout} =~ /^n1 +1  \w+ .*\ba3\b/m } 10, 'a node that cannot reach a3';
like(run('weirctl', @redis, 'nodes')->{stdout}, qr/^NODE  WORKERS  MODE +OPEN +HANGING +HALF-OPEN\nn1 +1 .*\nn2 +1 .*\n\z/, 'nodes are listed');
is_deeply([ map { $_->{id} } @{ run('weirctl', @redis, 'nodes', '--json')->{json} } ], [qw(n1 n2)], 'for programs too');
$load->signal('TERM');
$load->wait_end;
$cluster->node(2)->kill_now;
wait_line(qr/node n2 is gone/, 'a node that dies is seen, though nobody announces it');

$cluster->redis->kill_now;
$events->wait_log(qr/^weirctl: Redis: .+ told when it is back$/m);
pass('that Redis is away is said');
$cluster->redis->start;
my $before = () = slurp($out) =~ /set a1/g;
wait_until { run('weirctl', @redis, 'weight', 'a1', ++$weight); (() = slurp($out) =~ /set a1/g) > $before } 15, 'it listens again';
pass('and it carries on when Redis is back');
$events->signal('INT');
is($events->wait_end, 0, 'it ends well when interrupted');

my $short = run('weirctl', @redis, 'events', '--for', '300ms');
is($short->{status}, 0, 'after a time it ends by itself');
my $counted = Weir::Process->start([ 'weirctl', @redis, 'events', '--count', '2', '--json' ], name => 'counted', stdout => "$out.json");
wait_until { run('weirctl', @redis, 'weight', 'a1', ++$weight); $counted->has_ended } 15, 'two lines';
is($counted->wait_end, 0, 'and after that number of lines');
my @lines = map { JSON::PP::decode_json($_) } split /\n/, slurp("$out.json");
is_deeply([ map { [ $_->{cause} =~ s{ by .* with weirctl\z}{}r, ref $_->{changes}, $_->{epoch} > 0 ] } @lines ], [ ([ 'set a1', 'ARRAY', 1 ]) x 2 ], 'each an object');
$cluster->redis->kill_now;
is(run('weirctl', @redis, 'events', '--for', '1s')->{status}, 1, 'without Redis it does not begin');
done_testing;
