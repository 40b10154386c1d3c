# No memory error, no undefined behaviour and no leak in the unit tests, nor in whole programs given bad input.
# In the build of the fuzzers, whose sanitizers are the same ones: one build less.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;

alarm 3000;
ok(build('fuzz', '-DWEIR_WERROR=ON'), 'all of it compiles with the sanitizers') or die 'there is no build to test';
my @units = map { s{^\Q${\checkout}/\E}{}r } glob checkout . '/build-fuzz/t/*.t';
cmp_ok(scalar @units, '>', 90, 'there are unit tests');

$ENV{WEIR_BIN} = checkout . '/build-fuzz/bin';
($ENV{ASAN_SYMBOLIZER_PATH}) = grep { -x } glob '/usr/bin/llvm-symbolizer*';
each_passes(4, @units);
each_passes(4, qw(t/weirctl/changes.t t/admin/deep.t t/admin/strict.t t/cluster/exact.t t/cluster/crash.t t/cluster/joins.t), map { s{^\Q${\checkout}/\E}{}r } glob checkout . '/t/input/*.t');
done_testing;
