package Weir::Msgpack;

# The little MessagePack that tests of the forward protocol speak.
#
#   pack_of(array('tag', 5, map_of(log => 'x')))     # bytes; text is packed as text, digits as numbers
#   read_from($client)                               # the next value that a Weir::Raw hears
use v5.36;
use Exporter qw(import);

our @EXPORT_OK = qw(array bin map_of pack_of read_from);

# Bytes that are packed already are a reference to a string.
sub array (@items) { return bless [@items], 'Weir::Msgpack::Array' }
sub map_of (%pairs) { return bless {%pairs}, 'Weir::Msgpack::Map' }
sub bin ($bytes) { return \"\xc6${\pack 'N', length $bytes}$bytes" }

sub pack_of ($value) {
    return $$value if ref $value eq 'SCALAR' || ref $value eq 'REF';
    if (ref $value eq 'Weir::Msgpack::Array') { return "\xdd" . pack('N', scalar @$value) . join '', map { pack_of($_) } @$value }
    if (ref $value) { return "\xdf" . pack('N', scalar keys %$value) . join '', map { pack_of($_) . pack_of($value->{$_}) } sort keys %$value }
    return $value if $value =~ /^\xd7\x00/; # an EventTime
    return "\xce" . pack 'N', $value if $value =~ /^\d+\z/;
    return "\xdb" . pack('N', length $value) . $value;
}

# Dies with "more\n" where bytes are missing.
sub _take ($in, $n) {
    die "more\n" if length $$in < $n;
    return substr $$in, 0, $n, '';
}

sub _bytes ($in, $format, $size) { return _take($in, unpack $format, _take($in, $size)) }

sub _read ($in) {
    my $head = ord _take($in, 1);
    return $head if $head < 0x80;
    return { map { _read($in) } 1 .. 2 * ($head & 15) } if $head < 0x90;
    return [ map { scalar _read($in) } 1 .. ($head & 15) ] if $head < 0xa0;
    return _take($in, $head & 31) if $head < 0xc0;
    return $head == 0xc3 ? 1 : 0 if $head == 0xc2 || $head == 0xc3;
    return _bytes($in, 'N', 4) if $head == 0xc6 || $head == 0xdb;
    return _bytes($in, 'C', 1) if $head == 0xd9;
    die sprintf "unexpected %02x\n", $head;
}

sub read_from ($client) {
    for (;;) {
        my $in = $client->{in};
        my $value = eval { _read(\$in) };
        if (!$@) { $client->{in} = $in; return $value }
        die $@ if $@ ne "more\n";
        return undef if !$client->read_more(10);
    }
}

1;
