# The parsers keep what they promise on input that nobody thought of. Made by clang, which has to agree with all code.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Basename qw(basename);
use File::Temp;
use Test::More;
use Weir::Build;

alarm 900;
my $seconds = $ENV{WEIR_FUZZ_SECONDS} // 10;
ok(build('fuzz', '-DWEIR_WERROR=ON'), 'clang compiles all of it without a warning');
for my $source (glob checkout . '/t/fuzz/*.c') {
    my $parser = basename($source, '.c');
    my $found = File::Temp->newdir;
    ok(runs(checkout . "/build-fuzz/fuzz/fuzz-$parser", "-max_total_time=$seconds", "-artifact_prefix=$found/", $found,
        checkout . "/t/fuzz/corpus/$parser"), "nothing breaks $parser within $seconds s");
}
done_testing;
