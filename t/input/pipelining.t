# Requests may come one behind the other, however many: answers come in their order.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;

alarm 300;
my $input = Weir::Input->start('--header-timeout', '2s', '--max-body', '64KiB');

# What each kind of request is answered with.
my @kinds = (
    [ 202, sub ($i) { request(POST => '/ingest', '{"messages":[' . join(',', (1) x ($i % 7 + 1)) . ']}') } ],
    [ 400, sub ($) { request(POST => '/logs', '{"messages":[') }, 'bad_json' ],
    [ 202, sub ($i) { request(POST => '/v1/ingest', chunked('[1', ',2]'), 'Transfer-Encoding: chunked') } ],
    [ 404, sub ($) { request(POST => '/nowhere', 'x' x 5000) }, 'not_found' ],
    [ 200, sub ($) { request(GET => '/livez') } ],
    [ 405, sub ($) { request(PUT => '/ingest', '{}') }, 'method_not_allowed' ],
);

sub mixed ($n) { return map { my $i = $_; [ $kinds[ $i % @kinds ][0], $kinds[ $i % @kinds ][1]->($i), $kinds[ $i % @kinds ][2] ] } 0 .. $n - 1 }

sub expect_counted (@requests) {
    $_->[0] == 202 ? $input->accepted(1) : $_->[2] ? $input->refused($_->[2]) : () for @requests;
}

for my $n (2, 64, 65, 200, 1000) {
    my @requests = mixed($n);
    expect_counted(@requests);
    my $client = $input->client;
    $client->send(join '', map { $_->[1] } @requests);
    my @answers = $client->answers($n);
    is_deeply([ map { $_->{status} } @answers ], [ map { $_->[0] } @requests ], "$n mixed requests are answered in their order");
    is_deeply([ map { $_->{messages} // () } @answers ], [ map { $_ % 6 == 0 ? $_ % 7 + 1 : $_ % 6 == 2 ? 2 : () } 0 .. $n - 1 ],
        'each with its own count of messages');
    $client->send(request(GET => '/livez'));
    is($client->answer->{status}, 200, 'and the connection goes on');
    $input->bystander_is_well('besides');
}

# A large body goes right to its place, but what comes behind it may be small.
my @counts = (20_000, 1, 30_000, 30_000, 3, 16_500, 100, 31_000, 31_000, 2, 2);
my $bulky = join '', map { request(POST => '/ingest', '[' . join(',', (1) x $_) . ']') } @counts;
for my $pieces (1, 2, 7) {
    my $client = $input->client;
    my $size = int(length($bulky) / $pieces) + 1;
    $client->send($_) for unpack "(a$size)*", $bulky;
    is_deeply([ map { $_->{messages} } $client->answers(scalar @counts) ], \@counts, "large and small bodies in $pieces pieces are all counted");
    $input->accepted(scalar @counts);
}

my @requests = mixed(200);
expect_counted(@requests);
my @answers = $input->talk(map { $_->[1] } @requests);
is_deeply([ map { $_->{status} } @answers ], [ map { $_->[0] } @requests ], 'a client that has closed its side gets all of 200 answers');

my $ok = request(POST => '/ingest', '{"a":1}');
@answers = $input->talk($ok, request(POST => '/ingest', '{"a":1}', 'Connection: close'), $ok, $ok);
$input->accepted(2);
is(@answers, 2, 'nothing is answered behind a request that closes');
is($answers[0]{headers}{connection}, undef, 'the first answer does not close');
is($answers[1]{headers}{connection}, 'close', 'the last one does');

@answers = $input->talk($ok, $ok, "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", $ok);
$input->accepted(2);
$input->refused('unknown_method');
is_deeply([ map { $_->{status} } @answers ], [ 202, 202, 501 ], 'nothing is answered behind one that cannot be read');

my $client = $input->client;
$client->send($ok . "POST /ingest HTTP/1.1\r\nHost: h\r\nContent-Le");
is($client->answer->{status}, 202, 'an answer does not wait for the next request');
is($client->answer->{code}, 'head_timeout', 'half a request behind it is timed out');
is($client->ending, 'eof', 'and ends the connection');
$input->accepted(1);
$input->refused('head_timeout');

$input->bystander_is_well('in the end');
$input->settles;
done_testing;
