# No memory error, no undefined behaviour and no leak in the unit tests, nor in whole programs given bad input.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Basename qw(basename);
use Test::More;
use Weir::Build;

alarm 900;
ok(build('asan'), 'all of it compiles with the sanitizers') or BAIL_OUT('no sanitizers');
my @units = glob checkout . '/build-asan/t/*.t';
cmp_ok(scalar @units, '>', 40, 'there are unit tests');
ok(runs($_), 'clean: ' . basename($_)) for @units;

$ENV{WEIR_BIN} = checkout . '/build-asan/bin';
ok(runs('perl', $_), 'clean: ' . basename($_)) for map { glob checkout . "/t/$_-*.t" } qw(12 20 25 3[0-9]);
done_testing;
