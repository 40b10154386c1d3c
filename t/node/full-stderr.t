# Nobody reads stderr, and the pipe is full: every program goes on, counts the lines that it drops, and ends when told.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep);
use Weir::Pipe;
use Weir::Raw;
use Weir::Terminal;
use Weir::Test;

alarm 450;
my $redis = redis_server;
my ($of_node, $of_analyzer) = map { Weir::Pipe->new } 1 .. 2;
my $node = Weir::Process->start([ qw(weir-node --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --workers 1 --drain-delay 0ms --redis), $redis->url ],
    stderr => $of_node->end);
$node->{ingest} = $of_node->wait_line(qr/component=node msg=listening .*addr=(\S+)/);
$node->{admin} = 'http://' . $of_node->wait_line(qr/component=admin msg=listening .*addr=(\S+)/);
my $analyzer = Weir::Process->start([ qw(weir-analyzer --id a1 --listen 127.0.0.1:0 --open-deliveries --register), $node->{admin} ], stderr => $of_analyzer->end);
my $address = $of_analyzer->wait_line(qr/msg=listening .*addr=(\S+)/);
$of_analyzer->wait_line(qr/msg=registered/);
$of_node->wait_line(qr/msg="analyzer known" .*analyzer=a1/);

sub count ($url, $name) { return http(GET => "$url/metrics")->{content} =~ /^\Q$name\E (\d+)/m ? $1 : -1 }

# ---- a node ----

is(count($node->{admin}, 'weir_log_lines_dropped_total'), 0, 'a stderr that is read loses no line');
$of_node->fill;
my $refused = sub {
    my $client = Weir::Raw->connect($node->{ingest});
    $client->send(request(PUT => '/ingest', '{}'));
    my $answer = $client->answer(seconds => 5) // return 0;
    return $answer->{status} == 405;
};
my $n_refused = 0;
wait_until { $n_refused += $refused->(); count($node->{admin}, 'weir_log_lines_dropped_total') > 0 } 10, 'lines to be dropped';
cmp_ok($n_refused, '>', 1, 'what is refused is still refused, though the line about it has nowhere to go');
pass('and the lines that are dropped are counted');
is(http(POST => "http://$node->{ingest}/ingest", { messages => [ 1, 2 ] })->{status}, 202, 'a packet is still taken');
is(http(GET => "$node->{admin}/livez")->{status}, 200, 'the node is alive');
like($of_node->wait_line(qr/msg="stderr takes lines again; some were dropped" .*\bn=(\d+)/), qr/^[1-9]/,
    'once stderr is read again, a line says how many were dropped')
    if do { wait_until { $of_node->text; $refused->() && $of_node->text =~ /takes lines again/ } 10, 'the log to go on' };
# ---- a load ----

my $of_load = Weir::Pipe->new;
my $load = Weir::Process->start([ qw(weir-loadgen --progress always --json --duration 3s --rate 100 --target), "http://$node->{ingest}" ],
    stderr => $of_load->end, stdout => folder . '/report');
$of_load->fill;
is($load->wait_end(15), 0, 'a load goes on though nobody reads its progress');
like(slurp(folder . '/report'), qr/"accepted":\{"packets":300\b/, 'and has sent all of it');

# ---- SIGTERM ----

$of_node->fill;
$refused->() for 1 .. 3;
is($node->signal('TERM') && $node->wait_end(3), 0, 'SIGTERM ends a node whose stderr is full');

# ---- an analyzer ----

$of_analyzer->fill;
my $taken = 0;
wait_until {
    $taken++ if http(POST => "http://$address/ingest", '{"id":')->{status} == 400;
    count("http://$address", 'weir_analyzer_log_lines_dropped_total') > 0
} 10, 'an analyzer to drop lines';
cmp_ok($taken, '>', 1, 'an analyzer goes on as well, and counts');
is(http(POST => "http://$address/ingest", '{"messages":[1]}')->{status}, 200, 'and takes packets');
is($analyzer->signal('TERM') && $analyzer->wait_end(10), 0, 'SIGTERM ends it within its grace');

# ---- weirctl ----

my $of_watch = Weir::Pipe->new;
my $watch = Weir::Process->start([ qw(weirctl watch --redis), 'redis://127.0.0.1:' . free_port ], stderr => $of_watch->end, stdout => '/dev/null');
$of_watch->wait_line(qr/weirctl: (.)/);
$of_watch->fill;
$watch->signal('TERM');
is($watch->wait_end(5), 1, 'SIGTERM ends weirctl too');
my $top = Weir::Terminal->start([ qw(weirctl top --redis), $redis->url ]);
$top->wait_screen(qr/^weir top /m);
$top->type("\x13"); # Ctrl-S
eval { wait_until { slurp('/proc/' . $top->pid . '/wchan') =~ /write/ } 3, 'weirctl to wait for its terminal' };
$top->signal('TERM');
is($top->wait_end(5), -15, 'and in a terminal that is stopped');
done_testing;
