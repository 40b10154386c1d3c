# The kinds of entries in the journal are those of one table, in registry/journal.c: scripts write no other, and
# the API, the dashboard and PROTOCOL.md know all of them.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;

sub text_of ($path) {
    open my $file, '<', checkout . "/$path" or die "$path: $!\n";
    local $/;
    return <$file>;
}

sub sorted (@kinds) { return [sort keys %{ { map { $_ => 1 } @kinds } }] }

my ($table) = text_of('registry/journal.c') =~ /^\} sentences\[\] = \{\n(.*?)^\};/ms;
my @kinds = $table =~ /^\t\{ "([a-z_]+)",/mg;
cmp_ok(scalar @kinds, '>', 14, 'the table has the kinds');

# In a script: the first argument of journal(), and of a function that hands it on. One is a variable: the fields that
# set.lua changes.
my (@written, @odd);
for my $path (map { s{^\Q${\checkout}\E/}{}r } glob(checkout . '/lua/*.lua'), glob(checkout . '/lua/lib/*.lua')) {
    my $lua = text_of($path) =~ s/--[^\n]*//gr;
    for my $kind ($lua =~ /(?<!function )\b(?:journal|tell|tell_changes)\(((?:[^(),]|\([^()]*\))*),/g) {
        my @names = $kind =~ /'([a-z_]+)'/g;
        push @names, $lua =~ /\bfield == '([a-z]+)'/g if $kind eq 'ARGV[k]';
        next if $kind eq 'kind' && $lua =~ /function tell(?:_changes)?\(kind/;
        push @odd, "$path: $kind" if !@names;
        push @written, @names;
    }
}
push @written, text_of('registry/dead.c') =~ /^\tconst char \*kind = work->deed == DEAD_REPLAY \? "(\w+)" : "(\w+)"/m;
push @written, map { text_of($_) =~ /\.kind = "(\w+)"/g } qw(node/control/news.c node/watch/troubles.c); # what no script sees
is_deeply(\@odd, [], 'every kind that a script writes is spelt out');
is_deeply(sorted(@written), sorted(@kinds), 'scripts and nodes write these kinds and no others');

my ($enum) = text_of('node/openapi.yaml') =~ /^ {8}kind:\n {10}type: string\n {10}enum:\n((?: {12}- \w+\n)+)/m;
is_deeply(sorted($enum =~ /- (\w+)/g), sorted(@kinds), 'node/openapi.yaml lists them');

my ($shapes) = text_of('node/dashboard/events.js') =~ /^const SHAPES = \{\n(.*?)^\};/ms;
my ($trouble) = text_of('node/dashboard/events.js') =~ /^const TROUBLE = new Set\(\[(.*?)\]\)/m;
is_deeply(sorted($shapes =~ /(\w+):/g), sorted(@kinds), 'the dashboard has a shape for each');
my %known = map { $_ => 1 } @kinds;
is_deeply([grep { !$known{$_} } $trouble =~ /'(\w+)'/g], [], 'and calls no other kind trouble');

my ($rows) = text_of('PROTOCOL.md') =~ /^\| `kind` \|.*?\n\|---\|---\|---\|\n((?:\|.*\n)+)/m;
is_deeply(sorted(map { /`(\w+)`/g } map { (split /\|/)[1] } split /\n/, $rows), sorted(@kinds), 'PROTOCOL.md explains them');
done_testing;
