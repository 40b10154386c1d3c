package Weir::Http2Rules;

# The rules of HTTP/2 for a server, as claims: [section, claim, what the client gets, the frames that it sends].
# Sections are those of RFC 9113, and with H those of RFC 7541 (HPACK). What the client gets:
#
#   connection => CODE   GOAWAY with that code, and the end of the connection
#   stream => CODE       RST_STREAM of stream 1 with that code; by section 5.4.2 also GOAWAY with it
#   taken => N           stream 1 is a packet of N messages
#   lives => undef       nothing: a request afterwards is answered
use v5.36;
use Exporter qw(import);
use Weir::Http2;

our @EXPORT_OK = qw(rules);

use constant { PROTOCOL_ERROR => 1, FLOW_CONTROL_ERROR => 3, STREAM_CLOSED => 5, FRAME_SIZE_ERROR => 6, COMPRESSION_ERROR => 9 };
use constant { PADDED => 8, WITH_PRIORITY => 32, PUSH_PROMISE => 5, MOST => 0x7fffffff };

my @POST = ([ ':method', 'POST' ], [ ':scheme', 'http' ], [ ':path', '/ingest' ], [ ':authority', 'localhost' ]);

sub block_of (@fields) { return join '', map { field(@$_) } @fields }

# The header section of a request on stream 1, of these fields alone, or of POST /ingest and more.
sub head ($flags, @fields) { return frame(HEADERS, $flags | END_HEADERS, 1, block_of(@fields)) }
sub post ($flags, @more) { return head($flags, @POST, @more) }

# A request on stream 1 whose fields are encoded in a way of their own.
sub coded ($bytes) { return frame(HEADERS, END_HEADERS | END_STREAM, 1, block_of(@POST) . $bytes) }
sub without ($name) { return grep { $_->[0] ne $name } @POST }
sub setting ($id, $value) { return frame(SETTINGS, 0, 0, pack 'nN', $id, $value) }
sub window ($stream, $by) { return frame(WINDOW_UPDATE, 0, $stream, pack 'N', $by) }
sub reset_of ($stream, $code = 8) { return frame(RST_STREAM, 0, $stream, pack 'N', $code) }
sub packet () { return (post(0), data(1, '[1]', END_STREAM)) }
sub asked () { return headers(1, '/livez', END_STREAM, ':method' => 'GET') }

sub frames () {
    my $half = frame(HEADERS, 0, 1, block_of(@POST));
    return (
        [ '4.1', 'a frame of an unknown type is ignored', taken => 1, frame(0x99, 0xff, 7, 'abc'), packet ],
        [ '4.1', 'flags without a meaning are ignored', taken => 1, post(0xc2), data(1, '[1]', END_STREAM | 0xf6) ],
        [ '4.1', 'the reserved bit of a stream is ignored', taken => 1, post(0), frame(DATA, END_STREAM, 1 << 31 | 1, '[1]') ],
        [ '4.2', 'a frame of 2^14 bytes is taken', taken => 1, post(0), data(1, '["' . 'x' x (2**14 - 4) . '"]', END_STREAM) ],
        [ '4.2', 'a larger one is a FRAME_SIZE_ERROR', connection => FRAME_SIZE_ERROR, post(0), data(1, 'x' x (2**14 + 1)) ],
        [ '4.2', 'SETTINGS of 7 bytes is a FRAME_SIZE_ERROR', connection => FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, 'x' x 7) ],
        [ '4.3', 'a field block that is broken is a COMPRESSION_ERROR', connection => COMPRESSION_ERROR, coded("\xff\xff\xff\xff\xff\xff") ],
        [ '4.3', 'another frame within a field block is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, $half, frame(PRIORITY, 0, 1, "\0" x 5) ],
        [ '4.3', 'and so is a frame of another stream', connection => PROTOCOL_ERROR, $half, headers(3, '/ingest') ],
        [ '5.5', 'and one of an unknown type', connection => PROTOCOL_ERROR, $half, frame(0x99, 0, 1, 'x') ],
        [ '6.10', 'a field block may come in pieces, also in empty ones', taken => 1, frame(HEADERS, 0, 1, block_of(@POST[ 0 .. 1 ])), frame(CONTINUATION, 0, 1),
            frame(CONTINUATION, END_HEADERS, 1, block_of(@POST[ 2 .. 3 ])), data(1, '[1]', END_STREAM) ],
        [ '6.10', 'CONTINUATION behind no HEADERS is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, post(0), frame(CONTINUATION, END_HEADERS, 1, field('a', 'b')) ],
        [ '6.10', 'and on stream 0', connection => PROTOCOL_ERROR, $half, frame(CONTINUATION, END_HEADERS, 0, field('a', 'b')) ],
    );
}

sub streams () {
    return (
        [ '5.1', 'DATA on an idle stream is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, data(1, 'x') ],
        [ '5.1', 'and so is RST_STREAM', connection => PROTOCOL_ERROR, reset_of(1) ],
        [ '5.1', 'and WINDOW_UPDATE', connection => PROTOCOL_ERROR, window(1, 1) ],
        [ '5.1', 'PRIORITY may come on an idle stream', taken => 1, frame(PRIORITY, 0, 5, "\0\0\0\0\7"), packet ],
        [ '5.1', 'DATA on a stream that the client has ended is STREAM_CLOSED', stream => STREAM_CLOSED, asked, data(1, 'x') ],
        [ '5.1', 'and so is HEADERS', stream => STREAM_CLOSED, asked, asked ],
        [ '5.1', 'WINDOW_UPDATE and RST_STREAM may come on a closed stream', lives => undef, asked, reset_of(1), window(1, 1), reset_of(1) ],
        [ '5.1', 'DATA that was on its way when the stream was reset does no harm', lives => undef, post(0), reset_of(1), data(1, '[1]', END_STREAM) ],
        [ '5.1.1', 'a stream of an even number is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, headers(2, '/ingest') ],
        [ '5.1.1', 'and so is a number below that of a stream before it', connection => PROTOCOL_ERROR, headers(5, '/livez', END_STREAM, ':method' => 'GET'), headers(3, '/ingest') ],
        [ '5.1.1', 'numbers may be left out', lives => undef, headers(7, '/livez', END_STREAM, ':method' => 'GET') ],
        [ '6.1', 'DATA on stream 0 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, data(0, 'x') ],
        [ '6.1', 'padding is no part of the body', taken => 2, post(0), frame(DATA, END_STREAM | PADDED, 1, "\4[1,2]\0\0\0\0") ],
        [ '6.1', 'padding longer than its frame is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, post(0), frame(DATA, PADDED, 1, "\5[1]") ],
        [ '6.2', 'HEADERS on stream 0 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, frame(HEADERS, END_HEADERS, 0, block_of(@POST)) ],
        [ '6.2', 'HEADERS may have padding and a priority', taken => 1, frame(HEADERS, END_HEADERS | PADDED | WITH_PRIORITY, 1, "\2\0\0\0\3\7" . block_of(@POST) . "\0\0"), data(1, '[1]', END_STREAM) ],
        [ '6.2', 'padding longer than its frame is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, frame(HEADERS, END_HEADERS | PADDED, 1, "\xff" . block_of(@POST)) ],
        [ '6.3', 'PRIORITY on stream 0 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, frame(PRIORITY, 0, 0, "\0" x 5) ],
        [ '6.3', 'PRIORITY of 4 bytes is a FRAME_SIZE_ERROR', stream => FRAME_SIZE_ERROR, post(0), frame(PRIORITY, 0, 1, "\0" x 4) ],
        [ '6.4', 'RST_STREAM on stream 0 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, reset_of(0) ],
        [ '6.4', 'RST_STREAM of 3 bytes is a FRAME_SIZE_ERROR', connection => FRAME_SIZE_ERROR, post(0), frame(RST_STREAM, 0, 1, 'xxx') ],
        [ '7', 'an unknown error code does no harm', lives => undef, post(0), reset_of(1, 0xabcdef) ],
    );
}

sub settings () {
    return (
        [ '6.5', 'SETTINGS on a stream is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, post(0), frame(SETTINGS, 0, 1) ],
        [ '6.5', 'an acknowledgement with bytes is a FRAME_SIZE_ERROR', connection => FRAME_SIZE_ERROR, frame(SETTINGS, ACK, 0, "\0" x 6) ],
        [ '6.5.2', 'an unknown setting is ignored', taken => 1, setting(0xff, 1), packet ],
        [ '6.5.2', 'ENABLE_PUSH of 2 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, setting(2, 2) ],
        [ '6.5.2', 'INITIAL_WINDOW_SIZE of 2^31 is a FLOW_CONTROL_ERROR', connection => FLOW_CONTROL_ERROR, setting(4, 2**31) ],
        [ '6.5.2', 'MAX_FRAME_SIZE below 2^14 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, setting(5, 2**14 - 1) ],
        [ '6.5.2', 'and so is one of 2^24', connection => PROTOCOL_ERROR, setting(5, 2**24) ],
        [ '6.6', 'PUSH_PROMISE of a client is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, post(0), frame(PUSH_PROMISE, END_HEADERS, 1, pack('N', 2) . block_of(@POST)) ],
        [ '6.7', 'PING on a stream is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, post(0), frame(PING, 0, 1, 'x' x 8) ],
        [ '6.7', 'PING of 7 bytes is a FRAME_SIZE_ERROR', connection => FRAME_SIZE_ERROR, frame(PING, 0, 0, 'x' x 7) ],
        [ '6.7', 'an acknowledgement that nobody asked for does no harm', lives => undef, frame(PING, ACK, 0, 'x' x 8) ],
        [ '6.8', 'GOAWAY on a stream is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, post(0), frame(GOAWAY, 0, 1, "\0" x 8) ],
        [ '6.8', 'a client that says GOAWAY gets its answers', taken => 1, packet, frame(GOAWAY, 0, 0, pack('NN', 0, 0) . 'bye') ],
        [ '6.9', 'WINDOW_UPDATE by 0 is a PROTOCOL_ERROR', connection => PROTOCOL_ERROR, window(0, 0) ],
        [ '6.9', 'and on a stream one of the stream', stream => PROTOCOL_ERROR, post(0), window(1, 0) ],
        [ '6.9', 'WINDOW_UPDATE of 3 bytes is a FRAME_SIZE_ERROR', connection => FRAME_SIZE_ERROR, frame(WINDOW_UPDATE, 0, 0, 'xxx') ],
        [ '6.9.1', 'a window beyond 2^31 - 1 is a FLOW_CONTROL_ERROR', connection => FLOW_CONTROL_ERROR, window(0, MOST) ],
        [ '6.9.1', 'and on a stream one of the stream', stream => FLOW_CONTROL_ERROR, post(0), window(1, MOST) ],
        [ '6.9.2', 'a setting that brings a window beyond it, too', stream => FLOW_CONTROL_ERROR, post(0), window(1, 2**20), setting(4, MOST) ],
    );
}

sub messages () {
    my @trailers = (post(0), data(1, '[1]'));
    return (
        [ '8.1', 'trailers may end a request', taken => 1, @trailers, head(END_STREAM, [ 'checksum', 'x' ]) ],
        [ '8.1', 'a second HEADERS that does not end it is malformed', stream => PROTOCOL_ERROR, @trailers, head(0, [ 'checksum', 'x' ]) ],
        [ '8.1', 'trailers with a pseudo-field are malformed', stream => PROTOCOL_ERROR, @trailers, head(END_STREAM, [ ':method', 'POST' ]) ],
        [ '8.1.1', 'a body longer than its content-length is malformed', stream => PROTOCOL_ERROR, post(0, [ 'content-length', 2 ]), data(1, '[1]', END_STREAM) ],
        [ '8.1.1', 'and so is a shorter one', stream => PROTOCOL_ERROR, post(0, [ 'content-length', 4 ]), data(1, '[1]', END_STREAM) ],
        [ '8.1.1', 'and none', stream => PROTOCOL_ERROR, post(END_STREAM, [ 'content-length', 4 ]) ],
        [ '8.1.1', 'and two lengths', stream => PROTOCOL_ERROR, post(0, [ 'content-length', 3 ], [ 'content-length', 4 ]), data(1, '[1]', END_STREAM) ],
        (map { [ '8.2.1', "$_->[0] is malformed", stream => PROTOCOL_ERROR, post(END_STREAM, [ @$_[ 1, 2 ] ]) ] }
            [ 'a name in upper case', 'Aa', 'x' ], [ 'a name with a space', 'a b', 'x' ], [ 'a name with a colon', 'a:b', 'x' ], [ 'an empty name', '', 'x' ],
            [ 'a value with NUL', 'a', "x\0" ], [ 'a value with a line end', 'a', "x\nb: c" ], [ 'a value with CR', 'a', "x\rb" ]),
        (map { [ '8.2.2', "the field $_->[0] is malformed", stream => PROTOCOL_ERROR, post(END_STREAM, $_) ] }
            [ 'connection', 'close' ], [ 'keep-alive', 'x' ], [ 'proxy-connection', 'x' ], [ 'transfer-encoding', 'chunked' ], [ 'upgrade', 'h2c' ]),
        [ '8.2.2', 'te: trailers is not', taken => 1, post(0, [ 'te', 'trailers' ]), data(1, '[1]', END_STREAM) ],
        [ '8.2.2', 'te with another value is malformed', stream => PROTOCOL_ERROR, post(END_STREAM, [ 'te', 'trailers, gzip' ]) ],
        [ '8.3', 'an unknown pseudo-field is malformed', stream => PROTOCOL_ERROR, post(END_STREAM, [ ':x', 'y' ]) ],
        [ '8.3', 'and so is one of answers', stream => PROTOCOL_ERROR, head(END_STREAM, [ ':status', '200' ], @POST) ],
        [ '8.3', 'and one behind other fields', stream => PROTOCOL_ERROR, head(END_STREAM, @POST[ 0 .. 2 ], [ 'a', 'b' ], $POST[3]) ],
        (map { [ '8.3.1', "a request without $_ is malformed", stream => PROTOCOL_ERROR, head(END_STREAM, without($_)) ] } qw(:method :scheme :path)),
        (map { my $name = $_; [ '8.3.1', "and one with two of $name", stream => PROTOCOL_ERROR, head(END_STREAM, @POST, grep { $_->[0] eq $name } @POST) ] } qw(:method :scheme :path :authority)),
        [ '8.3.1', 'and one with an empty :path', stream => PROTOCOL_ERROR, head(END_STREAM, without(':path'), [ ':path', '' ]) ],
        [ '8.3.1', 'host may stand for :authority', taken => 1, head(0, without(':authority'), [ 'host', 'localhost' ]), data(1, '[1]', END_STREAM) ],
        [ '8.5', 'CONNECT with a path is malformed', stream => PROTOCOL_ERROR, head(END_STREAM, without(':method'), [ ':method', 'CONNECT' ]) ],
    );
}

# Huffman of "x" is 1111001 (7 bits).
sub hpack () {
    my $error = COMPRESSION_ERROR;
    my @tail = (data(1, '[1]', END_STREAM));
    my $with = sub ($bytes) { return (frame(HEADERS, END_HEADERS, 1, block_of(@POST) . $bytes), @tail) };
    return (
        [ 'H2.3.3', 'an index beyond the tables is a COMPRESSION_ERROR', connection => $error, coded("\xff\x50") ],
        [ 'H4.2', 'a table size at the beginning is taken', taken => 1, frame(HEADERS, END_HEADERS, 1, "\x20\x3f\xe1\x1f" . block_of(@POST)), @tail ],
        [ 'H4.2', 'and within a block is a COMPRESSION_ERROR', connection => $error, coded("\x20") ],
        [ 'H5.1', 'an integer without end is a COMPRESSION_ERROR', connection => $error, coded("\xff" . "\x80" x 12 . "\1") ],
        [ 'H5.2', 'a string may be in the code of Huffman', taken => 1, $with->("\0\1a\x81\xf3") ],
        [ 'H5.2', 'padded by zeros it is a COMPRESSION_ERROR', connection => $error, coded("\0\1a\x81\xf2") ],
        [ 'H5.2', 'and by more than 7 bits', connection => $error, coded("\0\1a\x82\xf3\xff") ],
        [ 'H5.2', 'and with the symbol EOS', connection => $error, coded("\0\1a\x84\xff\xff\xff\xff") ],
        [ 'H6.1', 'the index 0 is a COMPRESSION_ERROR', connection => $error, coded("\x80") ],
        [ 'H6.2.1', 'a field that enters the table is found there', taken => 1, $with->("\x40\1a\1x\xbe") ],
        [ 'H6.2.1', 'also by later requests', lives => undef, $with->("\x40\1a\1x"), frame(HEADERS, END_HEADERS | END_STREAM, 3, block_of(@POST) . "\xbe") ],
        [ 'H6.2.2', 'one that does not enter it is not', connection => $error, coded("\0\1a\1x\xbe") ],
        [ 'H6.2.3', 'nor is one that never may', connection => $error, coded("\x10\1a\1x\xbe") ],
        [ 'H6.3', 'a table size beyond the limit is a COMPRESSION_ERROR', connection => $error, frame(HEADERS, END_HEADERS, 1, "\x3f\xe2\x1f" . block_of(@POST)) ],
    );
}

sub rules () { return (frames, streams, settings, messages, hpack) }

1;
