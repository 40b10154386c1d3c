# Agents never take the last descriptors: a node goes on with the clients it has, and can still deliver.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Redis;
use Weir::Test qw(:DEFAULT program_path);

alarm 300;
my $input = Weir::Input->start;
$input->bystander_is_well('before');
my $n_open = () = glob '/proc/' . $input->node->pid . '/fd/*';
my $limit = 2 * ($n_open + 20); # half of so few are its own
is(system('prlimit', '--pid', $input->node->pid, "--nofile=$limit:$limit"), 0, 'the node may open few more files');

my @clients = map { $input->client } 1 .. 50;
$_->send(request(GET => '/livez')) for @clients;
my @answers = map { $_->answer // {} } @clients;
my @served = grep { ($answers[$_]{status} // 0) == 200 } 0 .. $#clients;
my @others = grep { ($answers[$_]{code} // '') eq 'too_many_connections' } 0 .. $#clients;
cmp_ok(scalar @served, '>=', 10, 'as many are served as there is room for');
is(@served + @others, 50, 'the others are told at once, and may come back');
$input->refused(too_many_connections => scalar @others);
my $n_left = $limit - (() = glob '/proc/' . $input->node->pid . '/fd/*');
cmp_ok($n_left, '>=', 15, 'descriptors are left for the node itself');
$input->bystander_is_well('all the same');
$_->close for @clients;
wait_until { $input->metric('weir_connections') <= 1 } 10, 'they are gone';
my $late = $input->client;
$late->send(request(GET => '/livez'));
is($late->answer->{status}, 200, 'when some have gone, others are served');
$late->close;
$input->bystander_is_well('in the end');
$input->settles;

# At the start, max-connections is lowered to what the limit allows.
my $redis = Weir::Redis->new;
my $low = Weir::Process->start([ 'prlimit', '--nofile=600:600', program_path('weir-node'), '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0',
    '--redis', $redis->url, '--workers', 1 ], name => 'low');
is($low->wait_log(qr/msg="max-connections lowered" .*from=(\d+ to=\d+) limit=600/), '10000 to=312', 'a limit of 600 leaves 312 connections, and the log says so');
is($low->end, 0, 'it runs all the same');
done_testing;
