# Expect: 100-continue: a word before the body, or the answer instead of it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;

alarm 300;
my $input = Weir::Input->start('--max-body', '4KiB', '--body-timeout', '2s');
my $body = '{"messages":[1,2]}';
my $length = 'Content-Length: ' . length $body;
my $expect = 'Expect: 100-continue';

sub head ($path, @headers) { return request(POST => $path, '', @headers) }
sub statuses (@answers) { return [ map { $_->{code} // $_->{status} } @answers ] }

my $client = $input->client;
for my $framing ([ $length, $body ], [ 'Transfer-Encoding: chunked', chunked($body) ]) {
    for (1 .. 2) {
        $client->send(head('/ingest', $expect, $framing->[0]));
        is($client->answer->{status}, 100, "the client is told to go on: $framing->[0]");
        $client->send($framing->[1]);
        is($client->answer->{messages}, 2, 'and then gets its answer');
        $input->accepted(1);
    }
}

my $plain = request(POST => '/ingest', $body);
$client->send($plain . request(GET => '/livez') . head('/ingest', $expect, $length));
is_deeply(statuses($client->answers(3)), [ 202, 200, 100 ], 'behind other requests, it is told when those are answered');
$client->send($body . $plain);
is_deeply(statuses($client->answers(2)), [ 202, 202 ], 'and the connection goes on');
$input->accepted(3);

$client->send(head('/ingest', $expect, $length) . $body);
is_deeply(statuses($client->answer), [ 202 ], 'who does not wait needs no word');
$client->send(request(POST => '/ingest', $body, $expect) =~ s{HTTP/1\.1}{HTTP/1.0}r);
is_deeply(statuses($client->answer), [ 202 ], 'nor does HTTP/1.0 get one');
$input->accepted(2);

my @refused = (
    [ not_found => head('/nowhere', $expect, $length) ],
    [ media_type => head('/ingest', $expect, $length, 'Content-Type: image/png') ],
    [ method_not_allowed => head('/livez', $expect, $length) ],
    [ body_too_large => head('/ingest', $expect, 'Content-Length: 5000') ],
    [ unknown_expectation => head('/ingest', 'Expect: 200-ok', $length) ],
    [ length_required => head('/ingest', $expect) =~ s/Content-Length: 0\r\n//r ],
);
for (@refused) {
    my ($code, $bytes) = @$_;
    $client = $input->client;
    $client->send($plain . $bytes);
    is_deeply(statuses($client->answers), [ 202, $code ], "instead of a word: $code");
    is($client->ending, 'eof', 'and the end, for nobody knows whether the body comes');
    $input->accepted(1);
    $input->refused($code);
}

$client = $input->client;
$client->send(head('/ingest', $expect, 'Content-Length: 5'));
is_deeply(statuses($client->answers), [ 100, 'body_timeout' ], 'who is told to go on and does not is timed out');
$input->refused('body_timeout');

$input->bystander_is_well('besides');
$input->settles;
done_testing;
