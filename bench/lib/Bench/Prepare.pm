package Bench::Prepare;

# First line of every benchmark, before modules that may be missing: installs the Debian packages it
# needs and builds what it measures. With WEIR_BIN that is measured, and nothing is installed or built.
#
#   use Bench::Prepare qw(weir-node weir-bench-sink);
use v5.36;
use lib __FILE__ =~ s{[^/]*\z}{../../../t/lib}r;
use Weir::Base qw(bin_dir checkout);

sub import ($class, @targets) {
    return if !@targets || $ENV{WEIR_BIN} || grep { /^(?:--help|-h)\z/ } @ARGV;
    my $script = 'cd "$0" && . scripts/shell.sh && install_packages build run bench && build "$@"';
    system('bash', '-c', "{ $script; } >&2", checkout, @targets) == 0 or exit 1;
}

1;
