# The completion for bash knows every command, every option of each, and the analyzers of the pool.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test qw(program_path);
use Weir::Test;

alarm 300;
my $redis = Weir::Redis->new;
$redis->script('register', 'default', $_, 'http://127.0.0.1:9/ingest', 1, 60000, "i-$_", '{}', -1, 0, '', '') for qw(a1 a2 b1);
my $weirctl = program_path('weirctl');
my $script = folder . '/completion';
open my $file, '>', $script or die $!;
print {$file} run('weirctl', 'completion', 'bash')->{stdout}, <<'BASH';
# as readline does: words are cut at the characters of COMP_WORDBREAKS too
complete_line() {
	COMP_LINE=$1 COMP_POINT=${#1}
	mapfile -t COMP_WORDS < <(grep -oE '[^[:space:]=:]+|[=:]' <<<"$1")
	[[ $1 != *[[:space:]] ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_weirctl
	printf '%s\n' "${COMPREPLY[@]}"
}
BASH
close $file;
is(system('bash', '-n', $script), 0, 'bash reads it');
is(qx(bash -c 'source $script; complete -p weirctl'), "complete -F _weirctl weirctl\n", 'and has it for weirctl');

# What may come after this, as words.
sub after ($line) {
    open my $bash, '-|', 'bash', '-uc', 'source "$1"; complete_line "$2"', 'bash', $script, "$weirctl $line" or die $!;
    my @words = sort grep { length } map { chomp; $_ } <$bash>;
    return \@words;
}
sub commands ($group = '') {
    my @names = run('weirctl', grep({ length } $group), '--help')->{stdout} =~ /^  ([a-z]+(?: [a-z]+)?) .*\S$/mg;
    return grep { length } map { s/^\Q$group\E ?//r } @names;
}

my %first = map { /^(\S+)/ => 1 } commands();
cmp_ok(keys %first, '>', 12, 'help lists commands');
is_deeply(after(''), [ sort keys %first ], 'all of them are offered');
is_deeply(after('wa'), ['watch'], 'those that begin so');
my @all = grep { !/ / && !/^(?:dead|spill)$/ } commands();
for my $group (qw(dead spill)) {
    my @names = map { s/^$group //r } grep { /^$group / } commands();
    is_deeply(after("$group "), [ sort @names ], "and those of $group");
    push @all, map { "$group $_" } @names;
}
for my $command (@all) {
    my @options = run('weirctl', split(/ /, $command), '--help')->{stdout} =~ /^ +(?:-\w, )?(--[a-z-]+)/mg;
    my %offered = map { $_ => 1 } @{ after("$command --") };
    my @missing = grep { !$offered{$_} && !/^--(?:version|check-config|print-config)$/ } @options;
    ok(@options > 4 && !@missing, "$command: its options are offered") or diag "missing: @missing";
}
my $url = $redis->url;
is_deeply(after("--redis $url weight "), [qw(a1 a2 b1)], 'analyzers are asked for at the Redis that is given');
is_deeply(after("--redis=$url drain a"), [qw(a1 a2)], 'however that is written');
is_deeply(after("fault --latency 5ms --redis $url "), [qw(a1 a2 b1)], 'the value of an option is no argument');
is_deeply(after("--redis $url weight a1 "), [], 'and a weight is no analyzer');
is_deeply(after("events --for "), [], 'nor is it completed');
is_deeply(after('completion '), [qw(bash fish ids zsh)], 'words to choose from are offered');
is_deeply([ split /\n/, run('weirctl', '--redis', $url, 'completion', 'ids')->{stdout} ], [qw(a1 a2 b1)], 'ids are a list');
is(run('weirctl', 'completion', 'csh')->{status}, 2, 'another shell is refused');
$redis->kill_now;
is_deeply(after("--redis $url weight "), [], 'without Redis nothing is offered, and nothing is said');

# What is written for the other shells is looked at; completion-shells.t loads it there.
my $zsh = run('weirctl', 'completion', 'zsh')->{stdout};
my $fish = run('weirctl', 'completion', 'fish')->{stdout};
like($zsh, qr/\A#compdef weirctl\n.*^compdef _weirctl weirctl\n\z/ms, 'zsh gets a function of its own');
like($fish, qr/^complete -c weirctl -f$/m, 'fish its lines');
is(($zsh =~ tr/{//), ($zsh =~ tr/}//), 'what is opened in zsh is closed');
for my $command (@all) {
    my ($first, $second) = split / /, $command;
    like($zsh, qr/^\t'$command'\)\n\t\toptions='--/m, "zsh knows $command");
    like($fish, defined $second ? qr/__fish_seen_subcommand_from $first' -a $second / : qr/__fish_use_subcommand -a $first /, "so does fish");
}
done_testing;
