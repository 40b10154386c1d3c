# Who has too many wrong tokens is told to wait. The right token is never refused.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 600;
my $redis = Weir::Redis->new;
my $node = node($redis, all_tokens, '--admin-read', 'token');
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0' ], name => 'a1');
my $addr = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
as('register', PUT => "$node->{admin}/v1/analyzers/a1", { url => "http://$addr/ingest", weight => 1, ttl_ms => 600000 });
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1 /);

for (
    [ $node, admin => GET => '/v1/cluster', undef, 'admin', 200 ],
    [ $node, ingest => POST => '/ingest', { messages => [1] }, 'ingest', 202 ]
) {
    my ($server, $port, $method, $path, $body, $right, $ok) = @$_;
    my $url = $server->{$port} . $path;
    from("127.0.9.$ok");
    my @statuses; # a slow machine gets some more of them looked at: one in 5 s
    push @statuses, as('x', $method, $url, $body)->{status} while @statuses < 100 && ($statuses[-1] // 401) == 401;
    is_deeply([ @statuses[ 0 .. 9, -1 ] ], [ (401) x 10, 429 ], "$port: too many wrong tokens are not looked at any more");
    my $answer = as('x', $method, $url, $body);
    is("$answer->{status} $answer->{json}{code}", '429 too_many_wrong_tokens', "$port: by its name");
    like($answer->{headers}{'retry-after'}, qr/^[1-5]$/, "$port: it says when");
    is(as($right, $method, $url, $body)->{status}, $ok, "$port: the right token works all the same, from a quiet agent as well");
    is(as('-', $method, $url, $body)->{status}, 401, "$port: who has none is told so, as ever");
    from("127.0.10.$ok");
    is(as($right, $method, $url, $body)->{status}, $ok, "$port: other addresses go on");
    as('x', $method, $url, $body) for 1 .. 20;
    is(as($right, $method, $url, $body)->{status}, $ok, "$port: also where a neighbour has wrong ones");
    from("127.0.9.$ok");
    my $refused = wait_until { as('x', $method, $url, $body)->{status} == 401 } 15, 'a wrong token to be looked at again';
    ok($refused, "$port: after a while a wrong token is told apart again");
}

done_testing;
