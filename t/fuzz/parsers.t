# The parsers keep what they promise, on all of their corpus and on what a fixed seed makes of it: the same inputs in
# every run. t/fuzz/run looks for new ones. Made by clang, which has to agree with all code.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Basename qw(basename);
use Test::More;
use Weir::Build;

use constant RUNS => 40_000;

alarm 3000;
ok(build('fuzz', '-DWEIR_WERROR=ON'), 'clang compiles all of it without a warning') or die 'there is no fuzzer to run';
for my $source (glob "$Bin/*.c") {
    my $parser = basename($source, '.c');
    ok(runs('t/fuzz/run', '--runs', RUNS, '--seed', 1, $parser), "nothing breaks $parser in ${\RUNS} runs");
}
isnt(system("$Bin/run --runs 0 no-such-parser >/dev/null 2>&1"), 0, 'a fuzzer that is not there is no success');
done_testing;
