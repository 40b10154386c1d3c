package Bench::Options;

# The options of a benchmark: --help prints the usage, and a command line that cannot be carried out is one line on stderr
# and exit status 2.
#
#   my %options = (rounds => 5);
#   read_options($usage, \%options, 'rounds=i', 'json=s');
use v5.36;
use Exporter qw(import);
use Getopt::Long qw(GetOptions);

our @EXPORT_OK = qw(read_options usage_error);

sub usage_error ($text) {
    print STDERR "$0: $text (see --help)\n";
    exit 2;
}

sub read_options ($usage, $options, @specs) {
    my @wrong;
    {
        local $SIG{__WARN__} = sub ($text) { push @wrong, lcfirst $text =~ s/\s+\z//r };
        GetOptions($options, @specs, 'help');
    }
    push @wrong, "unexpected argument '$ARGV[0]'" if @ARGV;
    usage_error($wrong[0]) if @wrong;
    return if !$options->{help};
    print $usage;
    exit 0;
}

1;
