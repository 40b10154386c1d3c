# What users read is made of sentences that can be read at once: 25 words at most. scripts/long-sentences counts them.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;
use Weir::Test qw(bin_dir folder);

my $counter = 'scripts/long-sentences';

# The counter first: each of these has one sentence of 26 words, and without it none that is too long.
my $long = join ' ', ('word') x 25, 'end.';
my %has_long = (
    'paragraph.md' => "A short one.\n$long Another.\n",
    'item.md' => "- short\n- $long\n",
    'cell.md' => "| a | b |\n|---|---|\n| short | $long |\n",
    'heading.md' => "# $long\n",
    'string.c' => qq{char quote = '"';\nconst char *a = "W$long";\n},
    'alert.yaml' => "rules:\n  - description: $long\n    severity: x\n",
    'folded.yaml' => "a:\n  description: >\n    " . $long =~ s/word word/word\n    word/r . "\n  type: x\n",
);
my %has_none = (
    'code.md' => "Text:\n\n    $long\n\nText.\n\n```\n$long\n```\n",
    'span.md' => "Type `$long` there.\n",
    'cells.md' => '| ' . join(' | ', ('seven words in each of the cells') x 4) . " |\n",
    'items.md' => join('', map { "- seven words in each of the items\n" } 1 .. 4),
    'comment.c' => "/* W$long */\n",
    'keys.c' => qq{const char *a = "$long";\n},
);
for my $name (sort(keys %has_long), sort keys %has_none) {
    my $path = folder . "/$name";
    open my $file, '>', $path or die "$path: $!\n";
    print $file $has_long{$name} // $has_none{$name};
    close $file;
    my $said = qx{$Bin/../../$counter $path};
    is($? >> 8, $has_long{$name} ? 1 : 0, "$name: a long sentence is " . ($has_long{$name} ? 'found' : 'not seen where there is none'));
    like($said, qr/\Q$path\E:\d+: 26 words: \W*W?w?ord/, "$name: and it says where") if $has_long{$name};
}

ok(runs($counter, '--all', 'README.md', 'docs/tour.md'), 'README and tour');
my @wings = map { glob checkout . "/$_" } '{lua,node,registry,common,analyzer,loadgen}/README.md', '{node,registry,common,analyzer}/*/README.md';
ok(runs($counter, '--all', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'PROTOCOL.md', 'SECURITY.md', 'bench/README.md', 'helm/weir/README.md', glob(checkout . '/docs/*.md'), glob(checkout . '/docs/*/*.md'), @wings),
    'the other documents');
my @sources = map { glob checkout . "/$_" } map { ("$_/*.[ch]", "$_/*/*.[ch]") } qw(common registry node analyzer loadgen);
cmp_ok(scalar @sources, '>', 200, 'there are sources');
ok(runs($counter, '--all', @sources), 'what programs say: refusals, log lines, remedies');
ok(runs($counter, '--all', 'helm/weir/dashboards/rules.yaml', 'node/openapi.yaml'), 'alerts and the description of the API');
for my $program (qw(weir-node weirctl weir-analyzer weir-sidecar weir-loadgen)) {
    ok(runs($counter, '--all', '--program', bin_dir . "/$program"), "the help of $program");
}
for my $script (qw(up.sh test.sh bench/run bench/scale bench/accuracy bench/dashboards bench/flame bench/formats bench/instructions t/chaos/run t/fuzz/run t/compose/run)) {
    ok(runs($counter, '--all', '--program', checkout . "/$script"), "the help of $script");
}
done_testing;
