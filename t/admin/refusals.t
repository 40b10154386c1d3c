# An agent with a wrong path, or a wrong token, is seen: at each admin port, with weirctl, and over all nodes.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $token = 'ingest-token-of-the-test';
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 1 }, node => [ '--ingest-token', $token, '--trusted-proxy', '127.0.0.0/8' ]);
my ($n1, $n2) = $cluster->nodes;
sub refusals ($node = $n1) { return http(GET => "$node->{admin}/v1/refusals")->{json}{refusals} }
sub send_to ($node, $path, %headers) {
    return http(POST => "http://$node->{ingest}$path", '{"messages":[1]}', 'Content-Type' => 'application/json', %headers)->{status};
}

is_deeply(refusals(), [], 'at first nobody is refused');
my %good = (Authorization => "Bearer $token");
is(send_to($n1, '/services/collector/nowhere', %good, 'X-Forwarded-For' => '10.0.0.7'), 404, 'a wrong path is refused') for 1 .. 3;
is(send_to($n2, '/services/collector/nowhere', %good, 'X-Forwarded-For' => '10.0.0.7'), 404, 'also at the other node');
is(send_to($n1, '/ingest', Authorization => 'Bearer wrong'), 401, 'and so is a wrong token');
is(send_to($n1, '/ingest', %good, 'Content-Encoding' => 'br'), 415, 'and what cannot be unpacked');

wait_until { (grep { ($_->{path} // '') =~ /collector/ && $_->{count} == 4 } @{ refusals() }) } 10, 'what both nodes refused';
my ($path) = grep { $_->{path} eq '/services/collector/nowhere' } @{ refusals() };
is($path->{text}, 'POST /services/collector/nowhere from 10.0.0.7: 404 not_found', 'it is told with the forwarded address');
like($path->{advice}, qr{/ingest}, 'and with what this node takes');
is_deeply([ sort @{ $path->{nodes} } ], [qw(n1 n2)], 'and who refused it');
my ($guess) = grep { $_->{status} == 401 } @{ refusals() };
is("$guess->{path} $guess->{code}", '/ingest unauthorized', 'a wrong token is told');
like($guess->{advice}, qr/ingest-token/, 'and which one is right');

my @redis = ('--redis', $cluster->redis->url);
sub told () { return @{ run('weirctl', @redis, 'refusals', '--json')->{json}{refusals} } }
wait_until { 3 == told && grep { $_->{count} == 4 } told } 10, 'weirctl to show all of it'; # nodes report each second
my $table = run('weirctl', @redis, 'refusals')->{stdout};
like($table, qr{^ +4  \S.* ago +POST /services/collector/nowhere +10\.0\.0\.7 +404 not_found +.*/ingest}m, 'weirctl shows the same');
is(scalar(my @all = told), 3, 'for programs too');
$cluster->redis->command(HSET => 'weir:{default}:report', n9 => '{"refusals":[{"method":"GET","path":"/of-one-gone","status":404,"count":9}]}');
unlike(run('weirctl', @redis, 'refusals')->{stdout}, qr/of-one-gone/, 'but not what a node has left that is gone');
is((grep { $_->{path} eq '/of-one-gone' } @{ refusals() }), 0, 'nor does an admin port tell that');
wait_until { !$cluster->redis->command(HEXISTS => 'weir:{default}:report', 'n9') } 20, 'that report to be gone';

$cluster->redis->kill_now;
my $own = http(GET => "$n1->{admin}/v1/refusals")->{json};
ok(!$own->{whole_pool} && $own->{node} eq 'n1', 'without Redis a node tells its own, and says so');
is((grep { $_->{path} =~ /collector/ } @{ $own->{refusals} })[0]{count}, 3, 'with their count');
done_testing;
