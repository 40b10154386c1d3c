#!/usr/bin/env perl
# Checks the links of all Markdown files in the checkout: what they name is there, headings too. Other hosts are not asked.
#
#   scripts/check-links.pl [FILE...]      names each link that leads nowhere; exit status 1 when there is one
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Usage;

check_arguments('[FILE...]', 9e9);
chdir dirname(abs_path(__FILE__)) . '/..' or die "chdir: $!\n";
my @files = @ARGV ? @ARGV : split /\n/, `find . -name '*.md' -not -path './build*' -not -path '*/node_modules/*'`;

# The text without what is code.
sub prose ($path) {
    open my $file, '<:utf8', $path or die "$path: $!\n";
    local $/;
    return <$file> =~ s/^( *)```.*?^\1```//gmsr =~ s/`[^`\n]*`//gr;
}

# The names by which GitHub links the headings of a file: word characters, spaces as dashes, and a number from the second one on.
sub anchors ($path) {
    state %anchors;
    return $anchors{$path} //= do {
        open my $file, '<:utf8', $path or die "$path: $!\n";
        my ($text, %names, %seen) = (do { local $/; <$file> =~ s/^( *)```.*?^\1```//gmsr });
        while ($text =~ /^#{1,6} +(.+?) *#*$/gm) {
            my $name = lc($1 =~ s/\[([^\]]*)\]\([^)]*\)/$1/gr) =~ s/[^\w\- ]//gr =~ tr/ /-/r;
            my $n = $seen{$name}++;
            $names{ $n ? "$name-$n" : $name } = 1;
        }
        $names{$1} = 1 while $text =~ /<a (?:id|name)="([^"]+)"/g;
        \%names;
    };
}

# Why a link leads nowhere; undef: it is right.
sub fault ($from, $link) {
    return undef if $link =~ m{^(?:[a-z]+:|//)}i;
    my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
    my $target = $path eq '' ? $from : $path =~ m{^/} ? ".$path" : dirname($from) . "/$path";
    return "$path is not there" if !-e $target;
    return undef if !defined $anchor || $target !~ /\.md$/;
    return anchors($target)->{$anchor} ? undef : "$target has no heading #$anchor";
}

my $n_wrong = 0;
for my $from (@files) {
    my $text = prose($from);
    my @links = $text =~ /\]\(<?([^)\s>]+)>?(?: +"[^"]*")?\)/g;
    push @links, $text =~ /^\[[^\]]+\]: +(\S+)/gm, $text =~ /(?:src|href)="([^"]+)"/g;
    for my $link (@links) {
        my $fault = fault($from, $link) // next;
        say "$from: $fault";
        $n_wrong++;
    }
}
exit($n_wrong ? 1 : 0);
