# Bodies by length and in chunks, whole and broken, in any pieces: the documented answer to each.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;

alarm 300;
my $input = Weir::Input->start('--max-body', '200KiB');
my @chunked = ('Transfer-Encoding: chunked');

# What comes back from a client that sends this and then closes its side.
sub said (@bytes) { return join ' ', map { $_->{code} // $_->{status} } $input->talk(@bytes) }

my @broken = (
    [ 'both length and chunked', 'length_and_chunked', request(POST => '/ingest', '{}', 'Content-Length: 2', @chunked) ],
    [ 'chunked and length', 'length_and_chunked', request(POST => '/ingest', chunked('{}'), @chunked, 'Content-Length: 2') ],
    [ 'two lengths', 'bad_length', request(POST => '/ingest', '{}', ('Content-Length: 2') x 2) ],
    [ 'two lengths in one', 'bad_length', request(POST => '/ingest', '{}', 'Content-Length: 2, 2') ],
    [ 'a negative length', 'bad_length', request(POST => '/ingest', '{}', 'Content-Length: -2') ],
    [ 'a length in hex', 'bad_length', request(POST => '/ingest', '{}', 'Content-Length: 0x2') ],
    [ 'a huge length', 'bad_length', request(POST => '/ingest', '{}', 'Content-Length: 9223372036854775808') ],
    [ 'a body shorter than its length', 'incomplete', request(POST => '/ingest', '{}', 'Content-Length: 3') ],
    [ 'a length shorter than its body', 'bad_json bad_request_line', request(POST => '/ingest', "{\"a\":1}\n\n", 'Content-Length: 5') ],
    [ 'half a header section', 'incomplete', "POST /ingest HTTP/1.1\r\nHost: h\r\nContent-Le" ],
    [ 'no last chunk', 'incomplete', request(POST => '/ingest', "2\r\n{}\r\n", @chunked) ],
    [ 'half a chunk', 'incomplete', request(POST => '/ingest', "2\r\n{", @chunked) ],
    [ 'a chunk longer than it says', 'bad_chunk', request(POST => '/ingest', "2\r\n{\"a\r\n0\r\n\r\n", @chunked) ],
    [ 'a chunk size in words', 'bad_chunk', request(POST => '/ingest', "two\r\n{}\r\n0\r\n\r\n", @chunked) ],
    [ 'a negative chunk', 'bad_chunk', request(POST => '/ingest', "-2\r\n{}\r\n0\r\n\r\n", @chunked) ],
    [ 'a chunk beyond 64 bits', 'bad_chunk', request(POST => '/ingest', "10000000000000000\r\n", @chunked) ],
    [ 'a chunk over the limit', 'body_too_large', request(POST => '/ingest', "7fffffffffffffff\r\n", @chunked) ],
    [ 'chunks over the limit', 'body_too_large', request(POST => '/ingest', chunked(('x' x 50000) x 5), @chunked) ],
    [ 'a broken trailer', 'bad_chunk', request(POST => '/ingest', "2\r\n{}\r\n0\r\nno field\r\n\r\n", @chunked) ],
    [ 'endless trailers', 'header_too_large', request(POST => '/ingest', "0\r\n" . "X: y\r\n" x 5000, @chunked) ],
    [ 'a wrong path without its body', 'not_found', request(POST => '/nowhere', '{}', 'Content-Length: 9') ],
    [ 'bad chunks to a wrong path', 'not_found', request(POST => '/nowhere', "x\r\n", @chunked) ],
);
for (@broken) {
    my ($what, $codes, $bytes) = @$_;
    is(said($bytes), $codes, "$what: $codes");
    $input->refused($_) for split / /, $codes;
}

my @good = (
    [ 'one chunk', request(POST => '/ingest', chunked('{"messages":[1,2,3]}'), @chunked) ],
    [ 'a chunk for each byte', request(POST => '/ingest', chunked(split //, '{"messages":[1,2,3]}'), @chunked) ],
    [ 'extensions and trailers', request(POST => '/ingest', "7;a=\"b\"\r\n[1,2,3]\r\n000\r\nX: y\r\n\r\n", @chunked) ],
    [ 'no chunks at all', request(POST => '/ingest', '[1,2,3]') ],
    [ 'blanks around', request(POST => '/ingest', " \r\n\t{\"messages\" : [1,2,3] }\n") ],
    [ 'charset and case', request(POST => '/ingest', '[1,2,3]', 'content-type: Application/JSON; charset=UTF-8') ],
    [ 'an absolute target', request(POST => 'http://weir:80/ingest?x=y', '[1,2,3]') ],
    [ 'a large body', request(POST => '/ingest', '[1,2,"' . 'x' x 204000 . '"]') ],
    [ 'a large body in chunks', request(POST => '/ingest', chunked('[1,2', ',"' . 'x' x 100000, 'y' x 100000 . '"]'), @chunked) ],
);
for (@good) {
    my ($what, $bytes) = @$_;
    my ($answer) = $input->talk($bytes);
    is_deeply([ @$answer{qw(status messages)} ], [ 202, 3 ], "$what: accepted, and its messages counted");
    $input->accepted(1);
    next if length $bytes > 1000;
    my $client = $input->client;
    $client->send($_) for split //, $bytes;
    $answer = $client->answer;
    is_deeply([ @$answer{qw(status messages)} ], [ 202, 3 ], 'one byte at a time as well');
    $input->accepted(1);
}
$input->bystander_is_well('besides');
$input->settles;
done_testing;
