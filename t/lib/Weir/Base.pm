package Weir::Base;

# What tests and benchmarks share below everything else: where things are, and how long one waits.
#
# A deadline of a test ends what hangs, and is no claim about how fast anything is: so each of them is five times what it
# is on a machine that has nothing else to do.
#
#   my $deadline = deadline(10);                        # 50 s from now
#   my $found = until_true(10, sub { ... });            # what it returns once that is true; undef: never in that time
use v5.36;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Temp;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(bin_dir checkout deadline folder free_port program_path slurp until_true);
use constant PATIENCE => 5;

sub checkout () { return abs_path(__FILE__ =~ s{[^/]*\z}{}r . '../../..') }

# Of our programs: build/bin, or WEIR_BIN.
sub bin_dir () { return $ENV{WEIR_BIN} // checkout . '/build/bin' }

sub program_path ($name) {
    my $path = bin_dir() . "/$name";
    die "$path is not there: cmake --preset release && cmake --build --preset release builds all\n" if !-x $path;
    return $path;
}

# Of this run; removed with it.
sub folder () {
    state $dir = File::Temp->newdir('weir-test-XXXXXX', TMPDIR => 1);
    return "$dir";
}

# '': there is no such file.
sub slurp ($path) {
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# A port of 127.0.0.1 that nobody listens on, and that is ours until this process ends, also while its server is away: a
# socket is bound to it that never listens. A server with SO_REUSEADDR can listen there, as often as it starts. The system
# gives the port to nobody else, neither to who asks for any port nor to a connection. A program that is started once takes
# port 0 instead.
sub free_port () {
    state @holders;
    push @holders, IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp', ReuseAddr => 1) || die "bind: $@\n";
    return $holders[-1]->sockport;
}

sub deadline ($seconds) { return time + PATIENCE * $seconds }

# Looks again and again, after the given seconds.
sub until_true ($seconds, $check, $step = 0.02) {
    my $deadline = deadline($seconds);
    while (1) {
        my $result = $check->();
        return $result if $result;
        return undef if time > $deadline;
        sleep $step;
    }
}

1;
