# What the ingest port offers beside refusals: its paths, HEAD and OPTIONS, old clients, health.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;

alarm 300;
my $input = Weir::Input->start('--ingest-token', 'secret-54d1-0e7a6c');
$input->{token} = 'secret-54d1-0e7a6c';
my @auth = ('Authorization: Bearer secret-54d1-0e7a6c');
my $packet = '{"messages":[1,2,3]}';

my $client = $input->client;
for my $path (map { ($_, "$_/", "$_?a=b") } qw(/ingest /v1/ingest /logs /message/send)) {
    $client->send(request(POST => $path, $packet, @auth));
    my $answer = $client->answer;
    is("$answer->{status} $answer->{body}", '202 {"status":"accepted","messages":3}', "POST $path is accepted");
    $input->accepted(1);
}
$client->send(request(POST => '/ingest', $packet, @auth));
my $answer = $client->answer;
is($answer->{headers}{'weir-analyzer'}, 'a1', 'the answer names the analyzer');
is($answer->{headers}{'content-type'}, 'application/json', 'is JSON');
like($answer->{headers}{date}, qr/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/, 'has a date');
is($answer->{headers}{connection}, undef, 'and the connection goes on');
$input->accepted(1);

for ([ '{"a":1}' => 1 ], [ '{}' => 1 ], [ '[{},{}]' => 2 ], [ '[[],[],[]]' => 3 ], [ '{"messages":{"a":1}}' => 1 ],
    [ '{"a":{"messages":[1,2]}}' => 1 ], [ "{\"messages\":[\"\xc3\xa4\"]}" => 1 ]) {
    $client->send(request(POST => '/ingest', $_->[0], @auth));
    is($client->answer->{messages}, $_->[1], "$_->[0] is $_->[1] message" . ($_->[1] > 1 && 's'));
    $input->accepted(1);
}

for my $path (qw(/livez /readyz /healthz)) {
    $client->send(request(GET => $path) . request(HEAD => $path));
    my ($get, $head) = ($client->answer, $client->answer(head => 1));
    is("$get->{status} $get->{body}", "200 ok\n", "GET $path is ok, without a token");
    delete $_->{headers}{date} for $get, $head;
    is_deeply($head->{headers}, $get->{headers}, 'HEAD says the same');
    is($head->{body}, '', 'without a body');
}
for my $path ('/nowhere', '/ingest', '/v1/logs') {
    $client->send(request(HEAD => $path) . request(GET => '/livez'));
    my $head = $client->answer(head => 1);
    is($head->{status}, $path eq '/nowhere' ? 404 : 200, "HEAD $path is answered without a body");
    is($client->answer->{status}, 200, 'so that the next answer is found');
}
$input->refused('not_found');
my ($broken) = $input->client;
$broken->send("HEAD / HTTP/1.1\r\nbroken\r\n\r\n");
is_deeply([ $broken->answer(head => 1)->{status}, $broken->ending ], [ 400, 'eof' ], 'a HEAD that is broken, too');
$input->refused('bad_header');

for ([ '*' => 'POST, HEAD, OPTIONS' ], [ '/logs' => 'POST, HEAD, OPTIONS' ], [ '/livez' => 'GET, HEAD, OPTIONS' ]) {
    $client->send(request(OPTIONS => $_->[0]));
    $answer = $client->answer;
    is_deeply([ $answer->{status}, $answer->{headers}{allow} ], [ 204, $_->[1] ], "OPTIONS $_->[0] names the methods");
}

my $old = request(POST => '/ingest', $packet, @auth) =~ s{HTTP/1\.1\r\nHost: localhost}{HTTP/1.0}r;
my @answers = $input->talk($old, $old);
is_deeply([ map { $_->{status}, $_->{headers}{connection} } @answers ], [ 202, 'close' ], 'HTTP/1.0 is one request on a connection');
@answers = $input->talk(($old =~ s/\r\n/\r\nConnection: Keep-Alive\r\n/r) x 2, $old);
is_deeply([ map { $_->{headers}{connection} } @answers ], [ qw(keep-alive keep-alive close) ], 'unless it asks for more');
$input->accepted(4);

@answers = $input->talk(request(GET => '/livez', undef, 'Connection: close') x 2);
is_deeply([ map { $_->{headers}{connection} } @answers ], ['close'], 'who says close is closed');
$input->bystander_is_well('besides');
$client->close;
$input->settles;
done_testing;
