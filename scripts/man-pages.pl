#!/usr/bin/env perl
# Makes the manual pages of what the built programs say in --help, so that no option can be missing.
#
#   scripts/man-pages.pl FOLDER    writes weir-node.8, weirctl.1 and so on; WEIR_BIN names the folder of the programs
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use FindBin qw($Bin);
use lib "$Bin/lib";
use HelpText;
use POSIX qw(strftime);
use Usage;

my $root = dirname(abs_path(__FILE__)) . '/..';
my $bin = $ENV{WEIR_BIN} // "$root/build/bin";
check_arguments('FOLDER', 1);
my $folder = shift;
my %section = ('weir-node' => 8, 'weir-analyzer' => 8, 'weir-sidecar' => 8, 'weir-loadgen' => 1, weirctl => 1);
my $epoch = $ENV{SOURCE_DATE_EPOCH} // time;

# Text of a line: nothing in it is a request or an escape.
sub plain ($text) { return $text =~ s/\\/\\e/gr =~ s/^(?=[.'])/\\&/gmr =~ s/-/\\-/gr }

# The same, which may be broken within a long list of values.
sub text ($text) { return plain($text) =~ s/([,|])(?=[^\s\\])/$1\\:/gr }

sub list_of (@items) {
    return join '', map { ".TP\n.B " . plain($_->[0]) . "\n" . text($_->[1] =~ s/^\s+//r) . "\n" } @items;
}

# Prose, or lines to be shown as they are.
sub prose_of (@lines) {
    return join '', ".PP\n", map { plain($_) . "\n" } @lines if !grep { /^  / } @lines;
    return join '', ".PP\n.nf\n", (map { plain("    $_" =~ s/^ {4} {2}/    /r) . "\n" } @lines), ".fi\n";
}

sub body_of ($heading, @lines) { return (grep { /^  (?:--|[a-z])/ } @lines) && $heading !~ /^Examples?$/ && $heading ? list_of(items_of(@lines)) : prose_of(@lines) }

# Lines are never stretched: groff 1.23 of Debian 13 sets that anew in each paragraph, by the string AD.
sub head_of ($name, $number, $version) {
    return sprintf ".\\\" Made of %s --help.\n.TH %s %d \"%s\" \"weir %s\" \"%s\"\n.nh\n.ad l\n.ds AD l\n", $name, uc plain($name), $number, strftime('%Y-%m-%d', gmtime $epoch),
        $version, $number == 8 ? 'System Administration' : 'User Commands';
}

sub commands_of ($program, $lines) {
    my $page = '';
    my ($common) = grep { $_->[0] eq 'Options' } blocks_of(said("$bin/$program", '--help'));
    my %known = map { $_->[0] => 1 } items_of(@{ $common->[1] });
    for my $item (items_of(@$lines)) {
        my @words = grep { /^[a-z]+$/ } split / /, $item->[0];
        $page .= ".SS " . plain("$program $item->[0]") . "\n" . plain($item->[1]) . "\n";
        my @blocks = blocks_of(said("$bin/$program", @words, '--help'));
        my ($options) = grep { $_->[0] eq 'Options' } @blocks;
        $page .= list_of(grep { !$known{ $_->[0] } } items_of(@{ $options->[1] }));
        my ($after) = grep { ($blocks[$_][1][0] // '') =~ /^Each option can be given/ } 0 .. $#blocks;
        $page .= join '', map { body_of($_->[0], @{ $_->[1] }) } @blocks[ $after + 1 .. $#blocks ];
    }
    return $page;
}

sub page_of ($program) {
    my ($version) = said("$bin/$program", '--version') =~ /(\d+\.\d+\.\d+\S*)/ or die "$program --version says no version\n";
    my ($usage, $summary, @blocks) = blocks_of(said("$bin/$program", '--help'));
    my $synopsis = $usage->[1][0] =~ s/^Usage: \S+ ?//r;
    my $sentence = join ' ', @{ $summary->[1] };
    my $page = head_of($program, $section{$program}, $version);
    $page .= ".SH NAME\n$program \\- " . plain(lcfirst($sentence =~ s/\.(?: .*)?$//sr)) . "\n";
    $page .= ".SH SYNOPSIS\n.B $program\n" . plain($synopsis) . "\n.SH DESCRIPTION\n" . plain($sentence) . "\n";
    for my $block (@blocks) {
        my ($heading, $lines) = @$block;
        $page .= '.SH ' . uc($heading) . "\n" if $heading;
        $page .= $heading eq 'Commands' ? commands_of($program, $lines) : body_of($heading, @$lines);
    }
    my @others = grep { $_ ne $program && -x "$bin/$_" } sort keys %section;
    return $page . ".SH SEE ALSO\n" . join '', (map { '.BR ' . plain($_) . " ($section{$_}),\n" } @others), ".BR weir (7)\n";
}

make_path($folder);
sub write_file ($path, $text) {
    open my $file, '>', $path or die "$path: $!\n";
    print $file $text;
    close $file or die "$path: $!\n";
}
for my $program (sort grep { -x "$bin/$_" } keys %section) { write_file("$folder/$program.$section{$program}", page_of($program)) }
open my $overview, '<', "$root/packaging/man/weir.7" or die "weir.7: $!\n";
my $text = do { local $/; <$overview> };
my ($version) = said("$bin/weirctl", '--version') =~ /(\d+\.\d+\.\d+\S*)/;
write_file("$folder/weir.7", $text =~ s/\@VERSION\@/$version/gr =~ s/\@DATE\@/strftime('%Y-%m-%d', gmtime $epoch)/ger);
