package Weir::Build;

# Other builds of the same sources: build-asan for the preset asan, and so on.
#
#   ok(build('asan'), 'all of it compiles');
use v5.36;
use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(LOCK_EX);
use File::Basename qw(dirname);
use Test::More ();

our @EXPORT = qw(build checkout runs);

sub checkout () { return abs_path(dirname(__FILE__) . '/../../..') }

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

# Tests that share a build may run at the same time; and whatever else runs goes first.
sub build ($preset, @options) {
    my $folder = checkout . "/build-$preset";
    -d $folder || mkdir($folder) || -d $folder || die "$folder: $!\n";
    open my $lock, '>', "$folder/lock" or die "$folder/lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    return runs('cmake', '--preset', $preset, @options) && runs('nice', 'ninja', '-C', "build-$preset");
}

1;
