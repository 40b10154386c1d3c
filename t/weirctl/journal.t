# Who changed what stands in the journal, and in a node's log, whichever way it was changed.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $token = 'admin-token-of-the-test';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 0.5, a2 => 0.5 }, node => [ '--admin-token', $token ]);
my $node = $cluster->node(1);
my @redis = ('--redis', $cluster->redis->url);
sub ctl (@arguments) { return run('weirctl', @redis, @arguments) }

is(ctl('weight', 'a1', 2)->{status}, 0, 'weirctl changes a weight');
my $http = HTTP::Tiny->new(default_headers => { authorization => "Bearer $token" });
my $url = $node->{admin};
my $answer = $http->request(PATCH => "$url/v1/analyzers/a2", { content => '{"state":"draining"}', headers => { 'weir-user' => 'ops@desk' } });
is($answer->{status}, 200, 'the admin port changes a state');

# The node and the analyzers go on meanwhile, so what is looked for need not be the last event.
my $past = ctl('events', '--last', 20);
is($past->{status}, 0, 'the past can be read');
my $time = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;
my ($by) = $past->{stdout} =~ /^$time  a1: weight 0\.5 -> 2 \(by (\S+)@\S+ with weirctl\) \[an operator\]$/m;
ok($by, 'with who did it') or diag $past->{stdout};
like($past->{stdout}, qr/^$time  a2: state active -> draining \(by ops\@desk with the admin token, from 127\.0\.0\.1\)/m, 'also at the admin port');
is(scalar(split /\n/, ctl('events', '--last', 2)->{stdout}), 2, 'as many as were asked for');
is(scalar @{ ctl('events', '--since', '5m', '--json')->{json}{events} }, scalar @{ ctl('events', '--last', 1000, '--json')->{json}{events} },
    'all of it is of the last five minutes');
is_deeply(ctl('events', '--since', '1ms', '--json')->{json}{events}, [], 'and nothing of the last millisecond');

$node->wait_log(qr/msg="change announced" .*event="epoch \d+ set a1 by \Q$by\E\@\S+ with weirctl"/);
pass('a node logs who changed something straight in Redis');
$node->wait_log(qr/msg="analyzer changed" .*analyzer=a2 to="state draining" by="ops\@desk with the admin token, from 127/);
pass('and who did so at its admin port');

my $forged = $http->request(PATCH => "$url/v1/analyzers/a2", { content => '{"weight":3}', headers => { 'weir-user' => "a b;c" x 50 } });
is($forged->{status}, 200, 'a name that is no name does no harm');
like(ctl('events', '--last', 20)->{stdout}, qr/\(by a\?b;ca\?b;c[^ ]{0,90} with the admin token/, 'and is told in bounds');
ctl('remove', 'a2');
like(ctl('events', '--last', 20)->{stdout}, qr/a2 left \(by \Q$by\E@\S+ with weirctl\) \[an operator\]$/m, 'who removes one is told');

$cluster->redis->command('XADD', 'weir:{default}:dead', '*', 'id', "p$_", 'body', '{}', 'status', 400) for 1 .. 3;
ctl('dead', 'purge', 'all', '--yes');
like(ctl('events', '--last', 20)->{stdout}, qr/3 dead letters were deleted \(by \Q$by\E@\S+ with weirctl\)$/m, 'and who deletes dead letters');

my $wrong = ctl('--pool', 'defualt', 'status');
is("$wrong->{status} $wrong->{stdout}", '1 ', 'a pool that is not there is no empty pool');
like($wrong->{stderr}, qr/^weirctl: --pool: there is no pool "defualt" in this Redis \(there is: default\)\n\z/, 'and those that are there are named');
done_testing;
