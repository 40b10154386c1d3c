# Senders of syslog do not get the last descriptors either: a node goes on with those it has, and can still deliver.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Listen;
use Weir::Test;

alarm 120;
my $listen = Weir::Listen->start(['syslog']);
my $refused = 'weir_refused_requests_total{reason="too_many_connections"}';
my $accepted = 'weir_listen_connections_accepted_total{listener="syslog-tcp"}';
sub n_open () { return scalar(() = glob '/proc/' . $listen->node->pid . '/fd/*') }

my $limit = 2 * (n_open() + 20); # half of so few are its own
is(system('prlimit', '--pid', $listen->node->pid, "--nofile=$limit:$limit"), 0, 'the node may open few more files');
my @clients = map { $listen->client('syslog') } 1 .. 50;
ok(eval { wait_until { $listen->metric($accepted) == 50 } 10, 'all' }, 'all senders are seen');
cmp_ok($listen->metric($refused), '>=', 15, 'those for whom there is no room are closed, and counted');
cmp_ok($listen->metric($refused), '<=', 40, 'the others may stay');
cmp_ok($limit - n_open(), '>=', 15, 'descriptors are left for the node itself');
$clients[0]->send("<13>hello\n");
$listen->got('syslog-tcp', 1, 'who was there is heard');
$listen->is_delivered('and its message is delivered');
$_->close for @clients;
ok(eval { wait_until { $listen->metric('weir_listen_connections{listener="syslog-tcp"}') == 0 } 10, 'gone' }, 'when they are gone');
$listen->tcp(syslog => "<13>again\n");
$listen->got('syslog-tcp', 1, 'others are heard');
is($listen->node->end, 0, 'the node ends well');
done_testing;
