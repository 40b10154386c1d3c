package Chaos::Random;

# Numbers that depend on a seed and on nothing else: neither on this machine nor on the version of Perl.
# The generator is mulberry32 (Tommy Ettinger, public domain).
use v5.36;

# Any text is a seed; it is spread by FNV-1a.
sub new ($class, $seed) {
    my $state = 0x811c9dc5;
    $state = (($state ^ ord) * 0x01000193) & 0xffffffff for split //, $seed;
    return bless { state => $state }, $class;
}

# 0 to 2^32 - 1.
sub _next ($self) {
    my $t = $self->{state} = ($self->{state} + 0x6d2b79f5) & 0xffffffff;
    $t = (($t ^ ($t >> 15)) * ($t | 1)) & 0xffffffff;
    $t = ($t ^ ($t + (($t ^ ($t >> 7)) * ($t | 61) & 0xffffffff))) & 0xffffffff;
    return $t ^ ($t >> 14);
}

# 0 <= x < 1.
sub fraction ($self) { return $self->_next / 2**32 }

# A whole number, both ends included.
sub between ($self, $least, $most) { return $least + int(($most - $least + 1) * $self->fraction) }

# The same, more often small than large.
sub mostly_small ($self, $least, $most) { return $least + int(($most - $least + 1) * $self->fraction**2) }

sub one_of ($self, @choices) { return $choices[ $self->between(0, $#choices) ] }

sub shuffled ($self, @list) {
    for my $i (reverse 1 .. $#list) {
        my $j = $self->between(0, $i);
        @list[ $i, $j ] = @list[ $j, $i ];
    }
    return @list;
}

1;
