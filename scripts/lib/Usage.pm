package Usage;

# The command line of a script: a folder, files, or --check. One that cannot be carried out is one line on stderr and exit
# status 2, as in scripts/shell.sh.
#
#   use Usage;
#   check_arguments('[--check]', 0);
use v5.36;
use Exporter qw(import);

our @EXPORT = qw(check_arguments);

# most: words that are no options. A script that has --check says so in its usage.
sub check_arguments ($usage, $most) {
    my $words = 0;
    for my $argument (@ARGV) {
        next if $argument eq '--check' && $usage =~ /--check/;
        if ($argument =~ /\A(?:--help|-h)\z/) { say "Usage: $0 $usage"; exit 0 }
        my $wrong = $argument =~ /\A-/ ? 'unknown option' : ++$words > $most ? 'unexpected argument' : next;
        print STDERR "$0: $wrong '$argument' (usage: $0 $usage)\n";
        exit 2;
    }
    return if $words || $usage !~ /\A[A-Z]/;
    print STDERR "$0: an argument is missing (usage: $0 $usage)\n";
    exit 2;
}

1;
