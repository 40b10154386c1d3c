# How tokens are given: in a header alone, from files; what is said of missing ones; and whose pages may change things.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 600;
my $redis = Weir::Redis->new;
my $node = node($redis, all_tokens, '--admin-read', 'token');
my $free = node($redis);
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0' ], name => 'a1');
my $addr = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
as('register', PUT => "$node->{admin}/v1/analyzers/a1", { url => "http://$addr/ingest", weight => 1, ttl_ms => 600000 });
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1 /);

is(ask(GET => "$node->{admin}/v1/cluster?$_=$token{admin}")->{status}, 401, "$_ in the query is no token") for qw(token access_token admin_token);
is(ask(GET => "$node->{admin}/v1/cluster", undef, Cookie => "token=$token{admin}")->{status}, 401, 'nor is a cookie');
is(ask(GET => "$node->{admin}/v1/cluster", undef, Authorization => $_)->{status}, 401, "nor is Authorization: $_")
    for 'Bearer', "Basic $token{admin}", $token{admin};

for my $server ($node, $free) {
    my $answer = ask(OPTIONS => "$server->{admin}/v1/analyzers/a1", undef, Origin => 'http://evil.test',
        'Access-Control-Request-Method' => 'PATCH', 'Access-Control-Request-Headers' => 'authorization');
    is_deeply([ grep { /^access-control/ } keys %{ $answer->{headers} } ], [], 'a page of another origin is not let in');
}
my @change = (PATCH => "$free->{admin}/v1/analyzers/a1", { weight => 1 });
my ($host) = $free->{admin} =~ m{//(.*)};
for my $origin ('http://evil.test', 'null', "http://$host.evil.test") {
    my $answer = ask(@change, Origin => $origin);
    is("$answer->{status} $answer->{json}{code}", '403 other_origin', "and changes nothing where no token is set: $origin");
}
is(ask(@change, Origin => "http://$host")->{status}, 200, 'the own page may');

my $file = folder . '/token';
open my $out, '>', $file or die;
print {$out} "admin-77c2-c3d4e5f6\n";
close $out;
my $filed = node($redis, '--admin-token-file', $file);
is_deeply([ map { as($_, PATCH => "$filed->{admin}/v1/analyzers/a1", { weight => 1 })->{status} } qw(- admin) ], [ 401, 200 ],
    'a token can be in a file');
unlike($filed->log, qr/whoever reaches/, 'on loopback nothing is said of missing tokens');
my $exposed = node($redis, '--admin-listen', '0.0.0.0:0', '--admin-token', 'a' x 16);
like($exposed->log, qr/level=warn .*msg="whoever reaches the admin port may change things" .*addr=0\.0\.0\.0:\d+ open=registering remedy=/,
    'elsewhere there is a warning');
unlike(node($redis, '--admin-listen', '0.0.0.0:0', all_tokens)->log, qr/whoever reaches/, 'but not with tokens');
for ([ '--admin-token', '' ], [ '--ingest-token', 'a b' ], [ '--admin-read', 'token' ], [ '--register-token-file', '/nowhere' ]) {
    my $run = run('weir-node', @$_);
    is($run->{status}, 2, "@$_ is refused");
    like($run->{stderr}, qr/^weir-node: \Q$_->[0]\E: /, 'by name');
    unlike($run->{stderr}, qr/a b/, 'but the token is not shown');
}
done_testing;
