# The commands of Helm and kubectl in the documents name the namespace of the release, and an upgrade keeps its values.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build qw(checkout);
use Weir::Test qw(slurp);

# Commands of a page: in blocks of code and in backticks, each of a line for itself.
sub commands ($text) {
    my @spans = map { /^(?: {4}|\t| {2}(?=helm |kubectl ))(.*)/ ? $1 : /`([^`]+)`/g } split /\n/, $text =~ s/\\\n\s*//gr;
    return map { /((?:helm|kubectl) .*)/ ? $1 =~ s/\s+$//r : () } map { split /&&|;|\||\$\(/ } @spans;
}

# What is wrong with a command, if it names the release.
sub fault ($command) {
    my $is_helm = $command =~ /^helm /;
    return if $is_helm ? $command !~ /^helm .*\b(?:install|upgrade|uninstall|rollback|test|status|history|get)\b.*(?:\bweir\b|\{\{)/ : $command !~ /\bweir\b|\{\{/;
    return "$command: no namespace" if $command !~ / (?:-n|--namespace)[ =]\S/;
    return "$command: no --reset-then-reuse-values" if $is_helm && $command =~ /\bupgrade\b/ && $command !~ / (?:--reset-then-reuse-values|-f|--values)\b/;
    return '';
}

my @found = map { [ $_, fault($_) // 'none' ] } commands("    helm -n logs test weir && helm upgrade weir x \\\n        -n a\nSay `kubectl get pod/weir-0`, `kubectl drain HOST`.\n  kubectl -n {{ \$ns }} exec {{ \$name }}\n");
is_deeply(\@found, [ [ 'helm -n logs test weir', '' ], [ 'helm upgrade weir x -n a', 'helm upgrade weir x -n a: no --reset-then-reuse-values' ],
    [ 'kubectl get pod/weir-0', 'kubectl get pod/weir-0: no namespace' ], [ 'kubectl drain HOST', 'none' ], [ 'kubectl -n {{ $ns }} exec {{ $name }}', '' ] ], 'commands are found and judged');

my ($n_commands, @wrong) = (0);
for my $path (map { glob checkout . "/$_" } '*.md', '*/*.md', '*/*/*.md', 'helm/weir/templates/NOTES.txt') {
    next if $path =~ m{/CHANGELOG\.md$};
    my @faults = grep { defined } map { fault($_) } commands(slurp($path));
    $n_commands += @faults;
    push @wrong, map { $path =~ s{^\Q${\checkout}\E/}{}r . ": $_" } grep { length } @faults;
}
cmp_ok($n_commands, '>', 20, 'the documents have commands that name the release');
is(join("\n", @wrong), '', 'each has a namespace, and each upgrade keeps the values that were given before');
done_testing;
