# The pages that a newcomer reads first are short, and docs/internals can be read and compared in a narrow window.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Base qw(slurp);
use Weir::Build;

sub lines ($text) { return split /\n/, $text }
# Each line that is too wide, with its number. A row of a table cannot be broken.
sub wide ($text) {
    my @lines = lines($text);
    return map { $_ + 1 . ": $lines[$_]" } grep { length $lines[$_] > 100 && $lines[$_] !~ /^\|/ } 0 .. $#lines;
}

is(scalar(my @none = wide('x' x 100 . "\n| " . 'x' x 100 . " |\n" . "\x{b5}" x 100 . "\n")), 0, 'a line of 100 characters and a row of a table are not too wide');
is_deeply([ wide("x\n" . 'x' x 101 . "\n") ], [ '2: ' . 'x' x 101 ], 'a line of 101 characters is');

my @internals = glob checkout . '/docs/internals/*.md';
cmp_ok(scalar @internals, '>=', 6, 'docs/internals has its pages');
for my $page (@internals) {
    my $text = slurp($page);
    utf8::decode($text) or die "$page: is not UTF-8\n";
    is(join("\n", wide($text)), '', $page =~ s{.*/docs/}{docs/}r . ' has 100 columns');
}
cmp_ok(scalar(my @readme = lines(slurp(checkout . '/README.md'))), '<=', 150, 'README.md has at most 150 lines');
cmp_ok(scalar(my @architecture = lines(slurp(checkout . '/ARCHITECTURE.md'))), '<=', 80, 'ARCHITECTURE.md has at most 80');
done_testing;
