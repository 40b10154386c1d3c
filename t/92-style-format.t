# All C code has the layout that .clang-format says.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;
use Weir::Build;

my @files = map { glob checkout . "/$_" } map { ("$_/*.[ch]", "$_/*.cpp") } qw(common registry node analyzer loadgen t/unit t/unit/* t/fuzz);
my @formatted = grep { runs('clang-format', '--dry-run', '-Werror', $_) } @files;
is(scalar @formatted, scalar @files, 'clang-format would change nothing');
done_testing;
