# All C code has the layout that .clang-format says. Versions of clang-format differ: that of Debian 12 decides.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;
use Weir::Build;

plan skip_all => 'not clang-format 14' if (`clang-format --version` // '') !~ /version 14\./;
my @files = map { glob checkout . "/$_" } map { ("$_/*.[ch]", "$_/*.cpp") } qw(common registry node analyzer loadgen t/unit t/unit/* t/fuzz);
ok(runs('clang-format', '--dry-run', '-Werror', @files), 'clang-format would change nothing');
done_testing;
