# What documents name in the code is there, and what they say of wings is what the wings say of each other.
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
for my $path (grep { m{^docs/|^ARCHITECTURE} } @files) {
    my @wrong;
    for my $span (text_of($path) =~ /`([\w\/.-]+\.(?:c|cpp|h|lua|js)(?:: [\w, ]+)?)`/g) {
        my ($file, $names) = split /: /, $span;
        my @there = grep { "/$_" =~ m{/\Q$file\E$} } @code;
        my $source = join '', map { text_of($_) } @there;
        $n_names++;
        push @wrong, "$file: no such file" if !@there;
        push @wrong, map { "$file: no $_" } grep { $source !~ /\b\Q$_\E\b/ } split /, */, $names // '' if @there;
    }
    is(join(', ', @wrong), '', "$path: what it names in the code is there");
}
cmp_ok($n_names, '>', 50, 'names of code were found at all');

# Of each two wings either both say that the first uses the second, or neither does.
my (%uses, %used_by);
for my $path (grep { m{^(?:node|registry|common|analyzer|loadgen)(?:/\w+)?/README\.md$} } @files) {
    my ($wing) = $path =~ m{^(.*)/};
    my $text = text_of($path);
    for ([ 'Uses', \%uses ], [ 'Used by', \%used_by ]) {
        my ($title, $list) = @$_;
        my ($line) = $text =~ /^$title: (.*)$/m;
        ok(defined $line, "$path: a line $title");
        $list->{$wing} = { map { $_ => 1 } grep { $_ ne 'nothing' } split /, */, $line // '' };
    }
}
for my $wing (sort keys %uses) {
    my @missing = grep { !$used_by{$_}{$wing} && !$used_by{$_}{all} } sort keys %{ $uses{$wing} };
    my @more = grep { $_ ne 'all' && !$uses{$_}{$wing} } sort keys %{ $used_by{$wing} };
    is("@missing / @more", ' / ', "$wing: those that it uses know of it, and those that use it say so");
}
done_testing;
