package Weir::Build;

# Other builds of the same sources: build-asan for the preset asan, and so on.
#
#   ok(build('asan'), 'all of it compiles');
#   each_passes(4, glob 'build-asan/t/*.t');    # a claim for each test: what failed is told, and what it said
use v5.36;
use Exporter qw(import);
use Fcntl qw(LOCK_EX);
use File::Temp;
use POSIX ();
use Test::More ();
use Weir::Base qw(checkout);

our @EXPORT = qw(build checkout each_passes runs);

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

# Runs tests, up to $n at a time. Each is a claim here, and where it does not hold, all that the test said is shown.
sub each_passes ($n, @tests) {
    my $folder = File::Temp->newdir;
    my (%running, $i);
    while (@tests || %running) {
        if (@tests && keys %running < $n) {
            my $test = shift @tests;
            my $said = sprintf '%s/%d', $folder, ++$i;
            my $pid = fork // die "fork: $!";
            if (!$pid) {
                open STDIN, '<', '/dev/null';
                open STDOUT, '>', $said;
                open STDERR, '>&', \*STDOUT;
                chdir checkout or POSIX::_exit(126);
                exec 'setpriv', '--pdeathsig', 'KILL', $test =~ m{^build} ? $test : ($^X, $test) or POSIX::_exit(127);
            }
            $running{$pid} = [ $test, $said ];
            next;
        }
        my $pid = waitpid -1, 0;
        my ($test, $said) = @{ delete $running{$pid} // next };
        my $is_fine = Test::More::is($?, 0, $test);
        Test::More::diag(do { local (@ARGV, $/) = $said; <> }) if !$is_fine;
    }
}

# Tests that share a build may run at the same time.
sub build ($preset, @options) {
    my $folder = checkout . "/build-$preset";
    -d $folder || mkdir($folder) || -d $folder || die "$folder: $!\n";
    open my $lock, '>', "$folder/lock" or die "$folder/lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    return runs('cmake', '--preset', $preset, @options) && runs('ninja', '-C', "build-$preset");
}

1;
