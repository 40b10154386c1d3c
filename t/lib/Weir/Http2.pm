package Weir::Http2;

# A client that sends the HTTP/2 frames that it is told to, right or wrong.
#
#   my $client = Weir::Http2->connect($node->{ingest});
#   $client->send(headers(1, '/ingest'), data(1, '[1]', END_STREAM));
#   my $body = $client->body(1);
use v5.36;
use Exporter qw(import);
use Time::HiRes qw(time);
use Weir::Raw;

use constant { DATA => 0, HEADERS => 1, PRIORITY => 2, RST_STREAM => 3, SETTINGS => 4, PING => 6, GOAWAY => 7, WINDOW_UPDATE => 8, CONTINUATION => 9 };
use constant { END_STREAM => 1, ACK => 1, END_HEADERS => 4 };
use constant PREFACE => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
our @EXPORT = (qw(frame field headers data), qw(DATA HEADERS PRIORITY RST_STREAM SETTINGS PING GOAWAY WINDOW_UPDATE CONTINUATION END_STREAM ACK END_HEADERS));

sub frame ($type, $flags, $stream, $payload = '') { return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload }

# A string of HPACK, not compressed.
sub text ($text) {
    my $n = length $text;
    return chr($n) . $text if $n < 127;
    my $bytes = chr 127;
    for ($n -= 127; $n >= 128; $n >>= 7) { $bytes .= chr(128 | $n & 127) }
    return $bytes . chr($n) . $text;
}

# A field of HPACK that enters no table.
sub field ($name, $value) { return "\0" . text($name) . text($value) }

sub block ($path, %fields) {
    my $method = delete $fields{':method'} // 'POST';
    return join '', map { field(@$_) } [ ':method', $method ], [ ':scheme', 'http' ], [ ':path', $path ], [ ':authority', 'localhost' ],
        map { [ $_, $fields{$_} ] } sort keys %fields;
}

# A request whose body comes in data frames, unless flags has END_STREAM.
sub headers ($stream, $path, $flags = 0, %fields) { return frame(HEADERS, $flags | END_HEADERS, $stream, block($path, %fields)) }
sub data ($stream, $bytes, $flags = 0) { return frame(DATA, $flags, $stream, $bytes) }

# settings: [id => value]...; raw: nothing is sent.
sub connect ($class, $addr, %options) {
    my $raw = Weir::Raw->connect($addr, map { $_ => $options{$_} } grep { defined $options{$_} } 'rcvbuf') // return undef;
    my $self = bless { raw => $raw, in => '', frames => [] }, $class;
    $self->send(PREFACE, frame(SETTINGS, 0, 0, join '', map { pack 'nN', @$_ } @{ $options{settings} // [] })) if !$options{raw};
    return $self;
}

sub send ($self, @bytes) { return $self->{raw}->send(join '', @bytes) }
sub close ($self) { $self->{raw}->close }
sub ending ($self, @seconds) { return $self->{raw}->ending(@seconds) }

# The next frame of such a type, or of one of these types ([...]), and of the stream if it is named: {type, flags, stream, payload}; undef: the connection ends without one.
sub next_frame ($self, $type, $stream = undef, $seconds = 60) {
    my $deadline = time + $seconds;
    my %is_wanted = map { ($_ => 1) } ref $type ? @$type : $type;
    my $is_it = sub ($frame) { return $is_wanted{ $frame->{type} } && (!defined $stream || $frame->{stream} == $stream) };
    my $frames = $self->{frames};
    for my $i (0 .. $#$frames) {
        return splice @$frames, $i, 1 if $is_it->($frames->[$i]);
    }
    while (1) {
        while (my ($n, $kind, $flags, $id) = $self->_header) {
            my $frame = { type => $kind, flags => $flags, stream => $id, payload => substr $self->{in}, 9, $n };
            substr $self->{in}, 0, 9 + $n, '';
            return $frame if $is_it->($frame);
            push @$frames, $frame;
        }
        $self->{raw}->read_more($deadline - time) or return undef;
        $self->{in} .= $self->{raw}{in};
        $self->{raw}{in} = '';
    }
}

sub _header ($self) {
    return if length $self->{in} < 9;
    my ($high, $low, $type, $flags, $stream) = unpack 'CnCCN', $self->{in};
    my $n = $high << 16 | $low;
    return length $self->{in} < 9 + $n ? () : ($n, $type, $flags, $stream);
}

# The body of an answer; undef: there is none.
sub body ($self, $stream) {
    my $body = '';
    while (my $frame = $self->next_frame(DATA, $stream)) {
        $body .= $frame->{payload};
        return $body if $frame->{flags} & END_STREAM;
    }
    return undef;
}

# The error code by which a stream, or else the connection, is ended; undef: neither is.
sub error ($self, $stream) {
    while (my $frame = $self->next_frame([ RST_STREAM, GOAWAY ])) {
        return (unpack 'NN', $frame->{payload})[1] if $frame->{type} == GOAWAY;
        return unpack 'N', $frame->{payload} if $frame->{stream} == $stream;
    }
    return undef;
}

# The error code of the last word, and the last stream that it answers; (): there is none.
sub goaway ($self) {
    my $frame = $self->next_frame(GOAWAY) // return;
    my ($last, $code) = unpack 'NN', $frame->{payload};
    return ($code, $last);
}

1;
