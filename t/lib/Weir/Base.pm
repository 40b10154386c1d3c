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

# A port of 127.0.0.1 that nobody listens on. Our own programs take port 0 instead.
sub free_port () {
    state %given;
    for (1 .. 100) {
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Proto => 'tcp') or die "listen: $@";
        return $socket->sockport if !$given{ $socket->sockport }++;
    }
    die "no free port\n";
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
