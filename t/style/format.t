# All C code has the layout that .clang-format says.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;

my ($version) = `clang-format --version` =~ /version (\d+)/;
plan skip_all => 'clang-format 14 is not installed' if ($version // 0) != 14;
ok(runs('scripts/format.sh', '--check'), 'clang-format would change nothing');
done_testing;
