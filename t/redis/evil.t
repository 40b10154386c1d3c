# What somebody wrote into Redis, with line ends and hidden characters in each field, reaches no agent's answer, no answer of the admin
# port, no log and no terminal as it is. What can be nothing of ours is left out, counted and named; the rest goes on.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Encode qw(encode_utf8);
use JSON::PP qw(encode_json);
use Test::More;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;
use Weir::Tokens;

alarm 300;
my $evil = encode_utf8("e\x{9b}31m\x{2028}\x{202e}\r\nSet-Cookie: x\e]0;t\a");
my $hidden = qr/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|^Set-Cookie|\r(?!\n)/m;
my $redis = Weir::Redis->new;
my $node = node($redis);
my $heads = folder() . '/heads';
my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    open my $out, '>>', $heads or die "$heads: $!";
    print $out $Weir::FakeServer::head;
    return {};
});
sub key ($name) { return "weir:{default}:$name" }
sub info (%more) { return JSON::PP->new->ascii(0)->encode({ accepts => 'batch', version => $evil, fault => "slow:$evil", %more }) }
sub register ($id, $url, %more) { return $redis->script('register', 'default', $id, $url, 1, 600_000, 'i' x 32, info(%more), -1, 0, '', '') }
register('good', $server->url('/ingest'));
register($evil, $server->url('/ingest'));
register('bad-url', "http://127.0.0.1:1/$evil");
register('bad-token', $server->url('/ingest'), delivery_token => "0123456789abcdef\r\nX-Evil: 1");
register('odd', $server->url('/ingest'));
$redis->command(HSET => key('info'), odd => encode_json({ instance => 'i' x 32, since_ms => undef, slow_start_ms => '1s', revision => 'x' }));
$redis->command(ZADD => key('expires'), 'inf', 'odd');
$redis->command(ZADD => key('nodes'), 'inf', 'odd/0');
$redis->command(SETRANGE => key('hot'), 8 * 12, pack 'd<', 9**9**9 - 9**9**9);    # NaN
$redis->command(HSET => key('accounts'), $evil, $evil);
$redis->command(HSET => key('accounts'), 'n9/0#1', '{"received":[1,' . "\0" . ']');
$redis->command(HSET => key('accounts'), 'n9/1#1', '[' x 300);
$redis->command(ZADD => key('nodes'), 9e12, "$evil/0");
$redis->command(HSET => key('node_info'), "$evil/0", encode_json({ mode => $evil, version => $evil }));
$redis->command(HSET => key('report'), $evil, encode_json({ lanes => { $evil => { state => $evil } } }));
$redis->command(HSET => key('unreachable'), "$evil/0", $evil);
$redis->command(XADD => key('journal'), '*', kind => $evil, analyzer => $evil, node => $evil, was => $evil, now => $evil, cause => $evil, epoch => $evil);
$redis->command(XADD => key('dead'), '*', b => '{"messages":[1]}', n => 1, analyzer => $evil, node => $evil, id => $evil, type => $evil, status => 400);
$redis->command(INCR => key('epoch'));

# ---- agents ----

my $seen = '';
wait_until {
    my $client = Weir::Raw->connect($node->{ingest} =~ s{^http://}{}r);
    $client->send(request(POST => '/ingest', '{"messages":["m"]}', 'Connection: close'));
    my $answer = $client->answer // {};
    $seen .= join "\n", map { "$_: $answer->{headers}{$_}" } sort keys(($answer->{headers} // {})->%*);
    ($answer->{status} // 0) == 202 && ($answer->{headers}{'weir-analyzer'} // '') eq 'good'
} 20, 'a packet to be taken by the good one';
pass('packets are taken');
unlike($seen, qr/$hidden|set-cookie/, 'and no answer to an agent has any of it');
unlike(slurp($heads), qr/X-Evil|$hidden/, 'nor a request to an analyzer');

# ---- the admin port ----

my $cluster = ask(GET => "$node->{admin}/v1/cluster");
is($cluster->{status}, 200, 'the pool is shown all the same');
is_deeply([ sort map { $_->{id} } $cluster->{json}{analyzers}->@* ], [qw(bad-token good odd)], 'without what can be no analyzer');
cmp_ok($cluster->{json}{left_out}{entries}, '>=', 4, 'what was left out is counted');
ok($cluster->{json}{left_out}{first}, 'and the first is named');
for my $path (qw(/v1/cluster /v1/analyzers /v1/analyzers/good /v1/nodes /v1/overview /v1/history /v1/events /v1/dead /v1/spill /stats /queue /analyzer/stats /metrics /metrics-json /health)) {
    my $answer = ask(GET => "$node->{admin}$path");
    is($answer->{status}, 200, "$path is answered");
    unlike($answer->{content}, $hidden, 'without anything that steers');
}

# ---- logs and terminals ----

unlike($node->log, $hidden, 'the log has none of it');
like($node->log, qr/left.out|cannot be read|nobody can read/i, 'and says what was left out');
for my $command ([qw(status)], [qw(status --json)], [qw(watch --count 1)], [qw(nodes)], [qw(events --last 20)], [qw(events --last 20 --json)], [qw(dead list)], [qw(dead list --json)], [qw(verify)]) {
    my $run = run('weirctl', '--redis', $redis->url, @$command);
    unlike("$run->{stdout}$run->{stderr}", $hidden, "weirctl @$command shows none of it");
}
is($node->end, 0, 'the node ends well');
done_testing;
