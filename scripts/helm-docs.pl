#!/usr/bin/env perl
# Keeps what is written twice about the chart in step: the table of values in helm/weir/README.md is that of
# values.yaml, defaults.yaml is values.yaml without its comments, and the options in values.schema.json are those that
# the built programs know.
#
#   scripts/helm-docs.pl            writes all three
#   scripts/helm-docs.pl --check    changes nothing; exit status 1 and a line for each that is out of step
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin qw($Bin);
use lib "$Bin/lib";
use HelpText;
use Usage;

check_arguments('[--check]', 0);
chdir dirname(abs_path(__FILE__)) . '/..' or die "chdir: $!\n";
my $bin = $ENV{WEIR_BIN} // 'build/bin';
my $chart = 'helm/weir';

# What the chart says itself, or what makes no sense in a pod.
my %taken = (
    'weir-node' => [qw(listen admin-listen redis pool node-id workers drain-delay drain-timeout log-level log-format)],
    'weir-analyzer' => [qw(id weight listen register advertise log-level log-format)],
    'weir-sidecar' => [qw(id url weight accepts register health log-level log-format)],
);

sub slurp ($path) {
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

# [path, default, description] of each value, in their order.
sub values_of ($yaml) {
    my (@rows, @path, $said);
    for (split /\n/, $yaml) {
        if (/^\s*# -- (.*)/) { $said = $1; next }
        next if !/^( *)([\w.-]+):(?: (.*))?$/;
        my ($depth, $key, $value) = (length($1) / 2, $2, $3);
        splice @path, $depth;
        push @path, $key;
        next if !defined $value && !defined $said;
        my $name = join '.', @path;
        die "values.yaml: $name has no comment that begins with --\n" if !defined $said;
        die "values.yaml: $name: write it in one line, so that the table can show it\n" if !defined $value;
        push @rows, [ $name, $value, $said ];
        undef $said;
    }
    return @rows;
}

sub cell ($text) { return $text =~ s/\|/\\|/gr }

sub readme () {
    my $text = slurp("$chart/README.md");
    my $table = join '', "| value | default | |\n|---|---|---|\n",
        map { sprintf "| `%s` | `%s` | %s |\n", map { cell($_) } @$_ } values_of(slurp("$chart/values.yaml"));
    $text =~ s/(<!-- values: [^\n]*-->\n).*?(<!-- end of values -->)/$1\n$table\n$2/s
        or die "$chart/README.md: the lines <!-- values: ... --> and <!-- end of values --> are not there\n";
    return $text;
}

# What the templates fill in where the values of an older chart are kept.
sub defaults () {
    return join '', "# Made of values.yaml by scripts/helm-docs.pl.\n", grep { !/^\s*(?:#.*)?$/ } map { "$_\n" } split /\n/, slurp("$chart/values.yaml");
}

my %types = (
    N => '{"type": "integer"}',
    X => '{"type": "number"}',
    P => '{"type": "number"}',
    'HOST:PORT' => '{"type": "string", "pattern": ":[0-9]{1,5}$"}',
    TIME => '{"$ref": "#/definitions/time"}',
    SIZE => '{"$ref": "#/definitions/size"}',
);

# The options of a program that may be given: name -> its schema.
sub options_of ($program) {
    my $help = eval { said("$bin/$program", '--help') } // '';
    die "$bin/$program --help does not work: build first\n" if $help !~ /^Options:$/m;
    my ($part) = $help =~ /^Options:\n(.*?)\n\n/ms;
    my %is_taken = map { $_ => 1 } @{ $taken{$program} };
    my %options;
    for (split /\n(?=  --)/, $part) {
        my ($name, $placeholder) = /^\s*--([\w-]+) (\S+)/ or next;
        next if $is_taken{$name} || / or\s+WEIR_\w+_FILE\b/; # a secret: values become arguments, which anybody can read
        my ($choices) = /\[([a-z]+(?:\|[a-z]+)+);/;
        $options{$name} = $choices ? '{"enum": [' . join(', ', map { qq("$_") } split /\|/, $choices) . ']}'
            : $types{$placeholder} // '{"type": ["string", "number", "boolean"]}';
        my ($least, $most) = /\[([\de.+-]+) to ([\de.+-]+);/ or next;
        $options{$name} =~ s/^\{"type": "(?:integer|number)"\K/, "minimum": $least, "maximum": $most/;
    }
    return %options;
}

sub schema () {
    my $text = slurp("$chart/values.schema.json");
    for (['nodeOptions', 'weir-node'], ['analyzerOptions', 'weir-analyzer'], ['sidecarOptions', 'weir-sidecar']) {
        my ($definition, $program) = @$_;
        my %options = options_of($program);
        my $body = join ",\n", map { qq(        "$_": $options{$_}) } sort keys %options;
        $text =~ s/^    "$definition": \{\n.*?^    \}/    "$definition": {\n      "type": "object",\n      "additionalProperties": false,\n      "properties": {\n$body\n      }\n    }/ms
            or die "values.schema.json: there is no definition of $definition\n";
    }
    return $text;
}

my %made = ("$chart/README.md" => readme(), "$chart/defaults.yaml" => defaults(), "$chart/values.schema.json" => schema());
my $status = 0;
for my $path (sort keys %made) {
    next if -e $path && $made{$path} eq slurp($path);
    if ("@ARGV" eq '--check') {
        say "$path is out of step: run scripts/helm-docs.pl";
        $status = 1;
        next;
    }
    open my $file, '>', $path or die "$path: $!\n";
    print $file $made{$path};
    close $file or die "$path: $!\n";
    say "$path is written anew";
}
exit $status;
