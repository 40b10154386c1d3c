# A script or benchmark that gets an option which it does not have says so in one line, and does nothing.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;
use Weir::Test qw(bin_dir folder slurp);

alarm 120;
local $ENV{WEIR_BIN} = bin_dir; # a benchmark installs and builds nothing then
chdir checkout or die "chdir: $!";
my @scripts = grep { -f && -x && $_ !~ m{/policy-rc\.d$} } glob('scripts/* bench/*'), qw(up.sh test.sh t/chaos/run t/compose/run t/fuzz/run t/agents/run t/fuzz/admin-api);
cmp_ok(scalar @scripts, '>', 20, 'there are scripts');
for my $script (@scripts) {
    my $said = folder . '/said';
    system "./$script --no-such-option </dev/null >$said 2>&1";
    is($? >> 8, 2, "$script: an option that there is not is wrong usage") or diag slurp($said);
    like(slurp($said), qr/\A(?:[^\n]+\n){1,2}\z/, 'and is told in a line');
}
is(system("./scripts/analyze.sh a b 2>/dev/null") >> 8, 2, 'one word too many is wrong usage as well');
is(system("./scripts/format.sh common 2>/dev/null") >> 8, 2, 'and so is one that a script does not take');
done_testing;
