# Whatever cannot be accepted gets the documented answer, and the connection goes on where it can.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;

alarm 300;
my $input = Weir::Input->start('--max-body', '4KiB', '--max-header', '2KiB', '--ingest-token', 'secret-54d1-0e7a6c');
my @auth = ('Authorization: Bearer secret-54d1-0e7a6c');
$input->{token} = 'secret-54d1-0e7a6c';

sub post ($body, @headers) { return request(POST => '/ingest', $body, @auth, @headers) }

my $long = 'x' x 3000;
# zstd: blocks of one byte, repeated 128 KiB times
my $bomb = "\x28\xb5\x2f\xfd\x00\x58" . "\x02\x00\x10\x00" x 2 . "\x03\x00\x10\x00";
# What it is, status and code, request; 'ends': the connection cannot be used any further.
my @refused = (
    (map { [ "JSON $_", 400, 'bad_json', post($_) ] } '', ' ', '{', '{"messages":[', '{"messages":[1,2', '{"a":"b', '[1,]', '{"a":1}}',
        '{"a":1} {"b":2', '{"a":1} 2', "{'a':1}", '{a:1}', '{"a":01}', '{"a":tru}', "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", '[' x 2000, 'no json'),
    (map { [ "JSON $_", 400, 'not_a_packet', post($_) ] } '1', '"text"', 'true', 'null'),
    (map { [ "JSON $_", 400, 'no_messages', post($_) ] } '[]', ' [ ] ', '{"messages":[]}', '{"a":1,"messages": [ ] }'),
    [ 'no token', 401, 'unauthorized', request(POST => '/ingest', '{}') ],
    [ 'a wrong token', 401, 'unauthorized', request(POST => '/ingest', '{}', 'Authorization: Bearer secre') ],
    [ 'another scheme', 401, 'unauthorized', request(POST => '/ingest', '{}', 'Authorization: Basic secret') ],
    (map { [ "path $_", 404, 'not_found', request(POST => $_, '{}', @auth) ] } '/', '/ingest2', '/x/ingest', '/INGEST', '/ingest/x', '/v1', '/%69ngest'),
    (map { [ "$_ /ingest", 405, 'method_not_allowed', request($_ => '/ingest', '{}', @auth) ] } qw(GET PUT DELETE PATCH TRACE CONNECT)),
    [ 'POST /livez', 405, 'method_not_allowed', request(POST => '/livez', '{}') ],
    [ 'a picture', 415, 'media_type', post('{}', 'Content-Type: image/png') ],
    [ 'multipart', 415, 'media_type', post('{}', 'Content-Type: multipart/form-data; boundary=x') ],
    [ 'brotli', 415, 'content_encoding', post('{}', 'Content-Encoding: br') ],
    [ 'half of gzip', 400, 'bad_encoding', post("\x1f\x8b\x08\x00\x00\x00", 'Content-Encoding: gzip') ],
    [ 'half of MessagePack', 400, 'bad_format', post("\x92\x05\x81\xa1", 'Content-Type: application/msgpack') ],
    [ 'a bomb', 413, 'body_too_large', post($bomb) ],
    [ 'no length', 411, 'length_required', "POST /ingest HTTP/1.1\r\nHost: h\r\n\r\n", 'ends' ],
    [ 'an unknown expectation', 417, 'unknown_expectation', post('{}', 'Expect: wonders'), 'ends' ],
    [ 'a huge field', 431, 'header_too_large', post('{}', "X: $long"), 'ends' ],
    [ 'many fields', 431, 'header_too_large', post('{}', ('X: y') x 500), 'ends' ],
    [ 'a huge target', 431, 'header_too_large', request(POST => "/$long", '{}'), 'ends' ],
    [ 'a header section without end', 431, 'header_too_large', "POST /ingest HTTP/1.1\r\nX: $long", 'ends' ],
    [ 'a body over the limit', 413, 'body_too_large', post('[' . '1,' x 3000 . '1]'), 'ends' ],
    [ 'an announced body over the limit', 413, 'body_too_large', post('{}', 'Content-Length: 999999999999'), 'ends' ],
    [ 'an unknown method', 501, 'unknown_method', "BREW /ingest HTTP/1.1\r\nHost: h\r\n\r\n", 'ends' ],
    [ 'an unknown transfer coding', 501, 'unknown_encoding', post('{}', 'Transfer-Encoding: gzip, chunked'), 'ends' ],
    [ 'HTTP/0.9', 400, 'bad_request_line', "GET /ingest\r\n\r\n", 'ends' ],
    [ 'HTTP/1.2', 505, 'unknown_version', "GET /livez HTTP/1.2\r\n\r\n", 'ends' ],
    [ 'TLS', 400, 'spoke_tls', "\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03\n", 'ends' ],
    [ 'no host', 400, 'bad_host', "GET /livez HTTP/1.1\r\n\r\n", 'ends' ],
);

for (@refused) {
    my ($what, $status, $code, $bytes, $ends) = @$_;
    $what = substr $what =~ s/[^ -~]/?/gr, 0, 40;
    my $client = $input->client;
    $client->send($bytes . ($ends ? '' : request(GET => '/livez')));
    my $answer = $client->answer // { code => 'none' };
    my $headers = $answer->{headers};
    is("$answer->{status} $answer->{code} $headers->{'content-type'}", "$status $code application/problem+json", "$what: $status $code");
    my @expected = $ends ? ('close', 'eof') : ('none', 200);
    is_deeply([ $headers->{connection} // 'none', $ends ? $client->ending : $client->answer->{status} ], \@expected,
        $ends ? 'and the connection ends' : 'and the connection goes on');
    is($headers->{allow}, $bytes =~ /livez/ ? 'GET, HEAD, OPTIONS' : 'POST, HEAD, OPTIONS', 'with the methods that are allowed') if $status == 405;
    is($headers->{'www-authenticate'}, 'Bearer', 'with the scheme') if $status == 401;
    is($headers->{'retry-after'}, undef, 'and not to be tried again') if $status < 500;
    $input->refused($code);
}
$input->bystander_is_well('besides');
$input->settles;
done_testing;
