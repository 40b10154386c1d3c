package Bench::Stats;

# Medians, ranges, and the tables that people read.
use v5.36;
use Exporter qw(import);
use List::Util qw(max min);

our @EXPORT_OK = qw(median ratios digits table);

sub median (@values) {
    my @sorted = sort { $a <=> $b } @values or return undef;
    return @sorted % 2 ? $sorted[ $#sorted / 2 ] : ($sorted[ @sorted / 2 - 1 ] + $sorted[ @sorted / 2 ]) / 2;
}

# Of two lists, round by round: {median, min, max}; undef where there is nothing to compare.
sub ratios ($these, $those) {
    my @ratios = map { $those->[$_] ? $these->[$_] / $those->[$_] : () } 0 .. min($#{ $these // [] }, $#{ $those // [] });
    return @ratios ? { median => median(@ratios), min => min(@ratios), max => max(@ratios) } : undef;
}

# Three digits that matter, and no more behind the point than that needs.
sub digits ($x) {
    return '-' if !defined $x;
    return '0' if $x == 0;
    my $n = 2 - POSIX::floor(log(abs $x) / log 10);
    my $text = sprintf '%.*f', $n < 0 ? 0 : $n > 6 ? 6 : $n, $x;
    1 while $text =~ s/^(-?\d+)(\d{3})/$1,$2/;
    return $text;
}

# Rows of cells as lines; the first row is the head. Cells that are numbers go to the right.
sub table (@rows) {
    my @width;
    for my $row (@rows) { $width[$_] = max($width[$_] // 0, length $row->[$_]) for 0 .. $#$row }
    my @is_left = map { my $i = $_; scalar grep { ($_->[$i] // '') =~ /[a-zA-Z]{2}/ } @rows[ 1 .. $#rows ] } 0 .. $#width;
    my $line = sub ($row) {
        my $text = join '  ', map { sprintf '%*s', ($is_left[$_] ? -1 : 1) * $width[$_], $row->[$_] // '' } 0 .. $#width;
        return $text =~ s/\s+\z//r . "\n";
    };
    return join '', $line->($rows[0]), '-' x length($line->([ map { 'x' x $_ } @width ])) . "\n", map { $line->($_) } @rows[ 1 .. $#rows ];
}

require POSIX;

1;
