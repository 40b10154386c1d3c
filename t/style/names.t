# What documents name in the code is there.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;

chdir checkout or die "chdir: $!\n";
my @all = map { s{^\./}{}r } grep { !m{^\./(?:build|\.git/)|/node_modules/} } split /\0/, qx{find . -type f -print0};
my @files = sort grep { /\.md$/ } @all;
cmp_ok(scalar @files, '>', 8, 'there are documents to look at');

sub text_of ($path) {
    open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
    local $/;
    return <$file> =~ s/^(```|~~~).*?^\1//gmsr;
}

# `conn.c: conn_read, read_some`, `lib/elect.lua`: a file by the end of its path, and what is in it.
my @code = grep { m{^(?:node|registry|common|analyzer|loadgen|lua|bench|t)/} } @all;
my $n_names = 0;
for my $path (@files) {
    my @wrong;
    for my $span (text_of($path) =~ /`([\w\/.-]+\.(?:c|cpp|h|lua|js)(?:: [\w, ]+)?)`/g) {
        my ($file, $names) = split /: /, $span;
        next if $file =~ /[A-Z]{2}/;    # stands for any
        my @there = grep { "/$_" =~ m{/\Q$file\E$} } @code;
        @there = grep { !m{^t/} } @there if grep { !m{^t/} } @there;
        my $source = join '', map { text_of($_) } @there;
        $n_names++;
        push @wrong, "$file: no such file" if !@there;
        push @wrong, map { "$file: no $_" } grep { $source !~ /\b\Q$_\E\b/ } split /, */, $names // '' if @there;
    }
    is(join(', ', @wrong), '', "$path: what it names in the code is there");
}
cmp_ok($n_names, '>', 50, 'names of code were found at all');

# A log line that has a remedy leads to a heading of the runbook.
my %heading = map { lc s/[^\w -]//gr =~ tr/ /-/r => 1 } text_of('docs/runbook.md') =~ /^#+ (.*)$/mg;
my $n_remedies = 0;
for my $path (grep { m{^(?:node|registry|common|analyzer|loadgen)/.*\.c$} } @code) {
    for my $call (grep { /\bremedy=/ } text_of($path) =~ /\blog_(?:warn|error|info)\((.*?)\);/gs) {
        my ($anchor) = $call =~ /runbook=%s.*LOG_RUNBOOK "([\w-]+)"/s;
        $n_remedies++;
        ok($heading{ $anchor // '' }, "$path: a line with a remedy leads to a heading of the runbook: " . ($anchor // 'none'));
    }
}
cmp_ok($n_remedies, '>', 4, 'lines with a remedy were found');
done_testing;
