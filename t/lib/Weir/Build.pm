package Weir::Build;

# Other builds of the same sources: build-asan for the preset asan, and so on.
#
#   ok(build('asan'), 'all of it compiles');
use v5.36;
use Exporter qw(import);
use File::Spec;
use Test::More ();

our @EXPORT = qw(build checkout runs);

my ($volume, $here) = File::Spec->splitpath(File::Spec->rel2abs(__FILE__));
sub checkout () { return File::Spec->catdir($here, qw(.. .. ..)) }

# Whether a command ends with 0; if not, the last it said is shown.
sub runs (@command) {
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        chdir checkout or die "chdir: $!";
        exec @command or die "$command[0]: $!\n";
    }
    my @lines = <$out>;
    return 1 if close $out;
    splice @lines, 0, @lines - 60 if @lines > 60;
    Test::More::diag("@command: " . ($! || "status $?") . "\n" . join '', @lines);
    return 0;
}

sub build ($preset, @options) {
    return runs('cmake', '--preset', $preset, '-G', 'Ninja', @options) && runs('ninja', '-C', "build-$preset");
}

1;
