# Nothing that people read uses words that only this house would understand; docs/glossary.md has those of the field.
use v5.36;
use FindBin qw($Bin);
use Test::More;

my %instead = (
    'reckon\w*' => 'charged, counted, taken into account', 'bears?' => 'takes, allows', 'the same of' => 'the same for',
    'so many' => 'the number, or n', 'in vain' => 'what failed', 'who looks' => 'readers', 'what can be seen' => 'printable',
    'as many (?:wait )?as may' => 'is full',
);
chdir "$Bin/../.." or die "chdir: $!";
my @files = grep { -f && !/\.(?:png|svg)$/ && !m{^t/fuzz/corpus/|^t/style/words\.t$|package-lock} } split /\n/, `git ls-files`;
cmp_ok(scalar @files, '>', 500, 'the files of the project are read');
for my $words (sort keys %instead) {
    my @found;
    for my $file (@files) {
        open my $in, '<', $file or die "$file: $!";
        while (<$in>) { push @found, "$file:$.: $_" if /\b$words\b/i }
    }
    ok(!@found, "nothing says \"$words\"") or diag("say: $instead{$words}\n", @found);
}
done_testing;
