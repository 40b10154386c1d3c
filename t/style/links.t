# Each link in the docs leads somewhere, and the check would notice one that does not. The page of each agent has its four parts.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp;
use Test::More;
use Weir::Base qw(slurp);
use Weir::Build;

ok(runs('scripts/check-links.pl'), 'all links lead somewhere');

my $folder = File::Temp->newdir;
sub said ($text) {
    open my $file, '>', "$folder/page.md" or die "page.md: $!";
    print $file $text;
    close $file;
    return `${\checkout}/scripts/check-links.pl $folder/page.md` =~ s/^\Q$folder\E\///gmr =~ s/ \Q$folder\E\// /gmr;
}

is(said("# A b, c\n[here](#a-b-c) [there](page.md#a-b-c) [outside](https://example.com/) `[code](none)`\n"), '', 'right ones are right');
is(said("[file](none.md)\n"), "page.md: none.md is not there\n", 'a file that is not there is named');
is(said("# A\n## A\n[one](#a-1) [none](#b)\n"), "page.md: page.md has no heading #b\n", 'and a heading that is not there');
is(said("![picture](none.png)\n<img src=\"none.svg\">\n"), "page.md: none.png is not there\npage.md: none.svg is not there\n", 'pictures too');

for my $page (grep { !/README/ } glob checkout . '/docs/agents/*.md') {
    my $text = slurp($page);
    my @missing = grep { $text !~ $_ } qr/^\*\*Smallest\.\*\*/m, qr/^\*\*To lose (?:nothing|less)\b/m, qr/^\*\*What (?:its defaults|their defaults|it) loses?\.\*\*/m, qr/^\*\*Connections\.\*\*/m;
    is("@missing", '', "$page: the smallest configuration, the one that loses nothing, what is lost, and how many connections");
}
done_testing;
