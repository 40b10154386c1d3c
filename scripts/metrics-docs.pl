#!/usr/bin/env perl
# Writes docs/metrics.md from the tables that the programs' metrics are made of: node/node_metrics.h, analyzer/stats.c.
#
#   scripts/metrics-docs.pl            writes it
#   scripts/metrics-docs.pl --check    changes nothing; exit status 1 if it is out of step
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Usage;

check_arguments('[--check]', 0);
chdir dirname(abs_path(__FILE__)) . '/..' or die "chdir: $!\n";
my $page = 'docs/metrics.md';
my $string = qr/"(?:[^"\\]|\\.)*"/;

sub slurp ($path) {
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

sub text_of ($strings) { return join '', map { s/\\(.)/$1/gr } $strings =~ /"((?:[^"\\]|\\.)*)"/g }

# [name, type, labels, help] of each row X(ID, "name", TYPE, BY_...(...), scale, "help" ...).
sub rows_of_node ($table) {
    $table =~ s/\\\n/\n/g;
    my @rows;
    while ($table =~ /\bX\(\w+,\s*"(\w+)",\s*(\w+),\s*(BY\w*)(?:\(([^()]*(?:\(\)[^()]*)*)\))?,\s*[\w.-]+,\s*((?:$string\s*)+)\)/g) {
        my ($name, $type, $by, $arguments, $help) = ($1, $2, $3, $4 // '', $5);
        push @rows, [ $name, $type, join(', ', ($by =~ /^BY_ANALYZER/ ? 'analyzer' : ()), $arguments =~ /"(\w+)"/g), text_of($help) ];
    }
    my $n = () = $table =~ /^\tX\(/mg;
    die "node/node_metrics.h: $n rows, but " . @rows . " of the known form\n" if @rows != $n;
    return @rows;
}

# The same for each [ID] = { "name", METRICS_TYPE, "help" ..., "label", values, n, "label2", ... }.
sub rows_of_analyzer ($source) {
    my ($table) = $source =~ /families\[FAMILIES\] = \{\n(.*?)\n\};/s or die "analyzer/stats.c: no table of families\n";
    my @rows;
    while ($table =~ /\[\w+\] = \{\s*"(\w+)",\s*METRICS_(\w+),\s*((?:$string\s*)+)([^{}]*)\}/g) {
        my ($name, $type, $help, $rest) = ($1, $2, $3, $4);
        push @rows, [ $name, $type, join(', ', $rest =~ /"(\w+)"/g), text_of($help) ];
    }
    my $n = () = $table =~ /^\t\[/mg;
    die "analyzer/stats.c: $n rows, but " . @rows . " of the known form\n" if @rows != $n;
    return @rows;
}

my %types = (COUNTER => 'counter', GAUGE => 'gauge', GAUGE_MAX => 'gauge', INFO => 'info', HISTOGRAM => 'histogram');

sub table (@rows) {
    return join '', "| name | type | labels | |\n|---|---|---|---|\n",
        map { sprintf "| `%s` | %s | %s | %s |\n", $_->[0], $types{ $_->[1] }, $_->[2], $_->[3] =~ s/\|/\\|/gr } @rows;
}

my $text = slurp($page);
my %tables = (node => table(rows_of_node(slurp('node/node_metrics.h'))), analyzer => table(rows_of_analyzer(slurp('analyzer/stats.c'))));
for my $program (sort keys %tables) {
    $text =~ s/(<!-- $program: [^\n]*-->\n).*?(<!-- end of $program -->)/$1\n$tables{$program}\n$2/s
        or die "$page: the lines <!-- $program: ... --> and <!-- end of $program --> are not there\n";
}
exit 0 if $text eq slurp($page);
if (@ARGV && $ARGV[0] eq '--check') { warn "$page is out of step: run scripts/metrics-docs.pl\n"; exit 1 }
open my $file, '>', $page or die "$page: $!\n";
print $file $text;
close $file or die "$page: $!\n";
