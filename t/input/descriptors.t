# Out of file descriptors, a node goes on with the clients it has, and takes others when some have gone.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start;
$input->bystander_is_well('before');
my $n_open = () = glob '/proc/' . $input->node->pid . '/fd/*';
my $limit = $n_open + 20;
is(system('prlimit', '--pid', $input->node->pid, "--nofile=$limit:$limit"), 0, 'the node may open few more files');

my @clients = map { $input->client } 1 .. 50;
$_->send(request(GET => '/livez')) for @clients;
$input->node->wait_log(qr/msg="cannot accept" .*error="Too many open files"/);
$input->bystander_is_well('all the same');
is($clients[9]->answer->{status}, 200, 'as many are served as there is room for');
is($clients[-1]->answer(seconds => 0.3), undef, 'the others wait');
$_->close for splice @clients, 0, 45;
is_deeply([ map { ($_->answer // {})->{status} } @clients ], [ (200) x 5 ], 'and are served when some have gone');
$_->close for @clients;
$input->bystander_is_well('in the end');
$input->settles;
done_testing;
