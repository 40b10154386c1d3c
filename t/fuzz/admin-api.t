# Whatever is asked of the admin API, in whatever form, a node with the sanitizers answers, lives and ends well. The same
# requests in every run; t/fuzz/admin-api --for 5m --seed N sends others, for longer.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;

alarm 3000;
ok(build('fuzz', '-DWEIR_WERROR=ON'), 'clang compiles all of it without a warning') or die 'there is no node to ask';
$ENV{WEIR_BIN} = checkout . '/build-fuzz/bin';
ok(runs('t/fuzz/admin-api', '--requests', 8000, '--seed', 1), 'nothing breaks the admin API in 8000 requests');
isnt(system("$Bin/admin-api --for ever >/dev/null 2>&1"), 0, 'a time that is none is no success');
done_testing;
