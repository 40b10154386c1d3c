# The manual pages have every option and every command that the programs know, and man shows them without a warning.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build qw(checkout);
use Weir::Test;

alarm 300;
plan skip_all => 'man is not installed' if system 'man --version >/dev/null 2>&1';
my $folder = folder . '/man';
$ENV{WEIR_BIN} = Weir::Base::bin_dir();
is(system(checkout . '/scripts/man-pages.pl', $folder), 0, 'the pages are made of the built programs');

# What man shows, as one line.
sub shown ($page) {
    my $text = `MANWIDTH=200 man --warnings -E UTF-8 -l '$page' 2>'$folder/warnings'`;
    is(slurp("$folder/warnings"), '', ($page =~ s{.*/}{}r) . ' is shown without a warning');
    return $text =~ s/\e\[[\d;]*m|.\x08//gr =~ s/\s+/ /gr;
}

sub help_of (@command) {
    my $run = run(@command, '--help');
    is($run->{status}, 0, "@command --help works");
    return $run->{stdout};
}

for my $program (qw(weir-node weir-analyzer weir-sidecar weir-loadgen weirctl)) {
    my ($page) = glob "$folder/$program.[18]";
    my $text = shown($page);
    my $help = help_of($program);
    my @options = $help =~ /^  (--[\w-]+)/mg;
    cmp_ok(scalar @options, '>', 10, "$program has options");
    is(join(' ', grep { $text !~ /(?<![\w-])\Q$_\E(?![\w-])/ } @options), '', '... and its page has all of them');
    my @envs = $help =~ /(WEIR_\w+)/g;
    is(join(' ', grep { $text !~ /\Q$_\E/ } @envs), '', '... with their variables');
    next if $program ne 'weirctl';
    my ($commands) = $help =~ /^Commands:\n(.*?)\n\n/ms;
    my @commands = $commands =~ /^  ([a-z]+(?: [a-z]+)?)(?= |$)/mg;
    cmp_ok(scalar @commands, '>', 15, 'weirctl has commands');
    for my $command (@commands) {
        like($text, qr/ weirctl \Q$command\E /, "its page has $command");
        my @own = help_of('weirctl', split / /, $command) =~ /^  (--[\w-]+)/mg;
        is(join(' ', grep { $text !~ /(?<![\w-])\Q$_\E(?![\w-])/ } @own), '', '... and its options');
    }
}
my $overview = shown("$folder/weir.7");
like($overview, qr/\Q$_\E\([18]\)/, "weir(7) leads to $_") for qw(weir-node weir-analyzer weir-sidecar weir-loadgen weirctl);
done_testing;
