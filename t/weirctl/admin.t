# Through a node's admin port weirctl needs no Redis: it looks, changes, waits for a drain, and works while Redis is away.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Terminal;
use Weir::Test;

alarm 300;
my $token = 'admin-token-of-the-test';
my $token_file = folder . '/token';
open my $file, '>', $token_file or die $!;
print {$file} $token;
close $file;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.5 }, node => [ '--admin-token', $token ]);
my $url = $cluster->node(1)->{admin};
sub ctl (@arguments) { return run('weirctl', '--admin', $url, '--admin-token-file', $token_file, @arguments) }

$cluster->load(rate => 500, duration => '2s');
my $status = ctl('status');
is($status->{status}, 0, 'a node tells the status') or diag $status->{stderr};
like($status->{stdout}, qr/^pool default, epoch \d+, as node n1 sees it$/m, 'and whose view it is');
like($status->{stdout}, qr/^a1 +active +up +0\.5 +50\.00 %/m, 'with a line for each analyzer');
like($status->{stdout}, qr/^All is well: 2 analyzers, 2 nodes/m, 'and the verdict');
my $window = qr/\d+\.\d\d % +\d+\.\d\d % +[+-]\d+/;
for ([ node => $status ], [ Redis => run('weirctl', '--redis', $cluster->redis->url, 'status') ]) {
    my ($way, $found) = @$_;
    like($found->{stdout}, qr/^SHARES +10 S DUE +GOT +OFF +1 MIN DUE +GOT +OFF +10 MIN DUE +GOT +OFF +ALL DUE +GOT +OFF$/m, "windows, with the shares that held then: by $way");
}
like($status->{stdout}, qr/^of a1 +$window +$window +$window +$window$/m, 'of 10 s, 1 min, 10 min and all');
is(ctl('status', '--json')->{json}{node}, 'n1', 'the same for programs');
like(ctl('nodes')->{stdout}, qr/^n2 +1 /m, 'nodes are listed');
is(ctl('completion', 'ids')->{stdout}, "a1\na2\n", 'and analyzers');

like(ctl('weight', 'a1', 2)->{stdout}, qr/^a1: active, weight 2, share 80\.00 %$/, 'a weight is set');
my $change = qr/a1: weight 0\.5 -> 2 \(by \S+@\S+ with the admin token, from 127\.0\.0\.1\)/;
wait_until { ctl('events', '--last', 3)->{stdout} =~ $change } 10, 'the journal to say by whom';
my $wrong = run('weirctl', '--admin', $url, 'weight', 'a1', 3);
is("$wrong->{status} $wrong->{stdout}", '1 ', 'without the token nothing is changed');
like($wrong->{stderr}, qr/^weirctl: the node at \Q$url\E answered 401: .*--admin-token-file/, 'and it says how to give it');
is(ctl('fault', 'a1', '--latency', '20ms')->{status}, 0, 'a fault is set');
is(ctl('fault', 'a1', '--clear')->{status}, 0, 'and cleared');
is(ctl('weight', 'a1', 'much')->{status}, 2, 'a weight that is none is wrong usage');
is(ctl('remove', 'a9')->{status}, 1, 'one that is not there cannot be removed');

my $load = $cluster->begin_load(rate => 200, duration => 0);
my $drain = ctl('drain', 'a2', '--wait', '--wait-timeout', '60s');
is($drain->{status}, 0, 'a drain ends under load') or diag $drain->{stderr};
like($drain->{stdout}, qr/^a2: drained: may be stopped$/m, 'when the analyzer may be stopped');
like($drain->{stderr}, qr/^weirctl: a2: \d of 2 nodes have yet to confirm the drain$/m, 'and says what it waits for');
my $direct = run('weirctl', '--redis', $cluster->redis->url, 'drain', 'a2', '--wait');
like($direct->{stdout}, qr/^a2: drained: may be stopped$/m, 'straight in Redis, too');
unlike($drain->{stderr} . $direct->{stderr}, qr/: 0 packets queued, 0 deliveries under way/, 'and nothing is waited for that is over');
is(ctl('enable', 'a2')->{status}, 0, 'and it can come back');
{
    local $ENV{WEIR_POOL} = 'other';
    my $other = ctl('drain', 'a2');
    is($other->{status}, 2, 'a variable that names another pool than that of the node is a contradiction');
    is($other->{stderr}, qq(weirctl: WEIR_POOL says pool "other", but the node at $url serves pool "default"\n), 'which is told');
    $ENV{WEIR_POOL} = 'default';
    is(ctl('nodes')->{status}, 0, 'one that names the same is none');
}
ctl('fault', 'a2', '--latency', '3s');
$load->signal('TERM');
$load->wait_end;

is(ctl('dead', 'list')->{stdout}, "no dead letters\n", 'dead letters are listed');
is(ctl('dead', 'purge', 'all')->{status}, 2, 'and not deleted without a word');
is(ctl('spill', 'status')->{status}, 0, 'and so is the spill');
like(ctl('top')->{stderr}, qr/stdout is no terminal/, 'top needs a terminal, and no Redis');
is(ctl('verify', '--tolerance', 100, '--wait', '60s')->{status}, 0, 'what is verified in Redis can be verified through a node');
my $seen = folder . '/seen';
my $events = Weir::Process->start([ 'weirctl', '--admin', $url, '--admin-token-file', $token_file, 'events', '--count', 1 ], stdout => $seen, may_end => 1);
my $w = 3;
wait_until { ctl('weight', 'a1', ++$w); $events->has_ended } 20, 'an event to be followed';
like(slurp($seen), qr/^\S+Z  a1: weight \S+ -> \d+ \(by \S+ with the admin token, from 127\.0\.0\.1\)/, 'events are followed through a node');

$cluster->redis->kill_now;
my $away;
wait_until { $away = ctl('status'); $away->{status} == 0 && $away->{stdout} =~ /Redis is away/ } 20, 'the status while Redis is away';
like($away->{stdout}, qr/these are figures of node n1 alone/, 'it says whose figures they are');
like($away->{stdout}, qr/Redis is away, as n1 sees it/, 'and the verdict');
like(ctl('nodes')->{stdout}, qr/^Redis is away .*these are figures of node n1 alone.*\nNODE /m, 'nodes say so as well');
like(ctl('verify')->{stderr}, qr/Redis is away or refuses, and node n1 does not know/, 'what cannot be verified is refused');
my $top = Weir::Terminal->start([ 'weirctl', '--admin', $url, '--admin-token-file', $token_file, 'top' ]);
$top->resize(140, 30);
like($top->wait_screen(qr/^Redis is away.*figures of node n1 alone/m, 10), qr/^received [\d,]+ msg\/s in [\d,]+ packets\/s, by node n1/m, 'and so does top');
like($top->screen, qr/^a1 +[\d.]+% .*\bup/m, 'with the analyzers that the node knows');
$top->type('q');
is($top->wait_end, 0, 'which ends as ever');
is(ctl('refusals')->{status}, 0, 'refusals are told as well');
like(run('weirctl', '--admin', 'http://127.0.0.1:1', 'status')->{stderr}, qr/^weirctl: the node at http:\/\/127\.0\.0\.1:1: .*--admin says where/,
    'a node that is not there is told');
for my $none ('', '8081', 'ftp://127.0.0.1:8081') {
    my $run = run('weirctl', '--admin', $none, 'status');
    is("$run->{status} $run->{stderr}", qq(2 weirctl: --admin: "$none" is no http://HOST:PORT of a node's admin port\n), "--admin '$none' is told to be none");
}
done_testing;
