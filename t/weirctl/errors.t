# One style of error in all programs: a line that begins with the name of the program, and wrong usage is exit status 2.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test qw(bin_dir run);

alarm 120;
my $weirctl = bin_dir . '/weirctl';
my @nobody = ([ '--redis', 'redis://127.0.0.1:1' ], [ '--admin', 'http://127.0.0.1:1' ]);
# What each command refuses of its arguments; all of them refuse one too many.
my %wrong = (weight => [qw(a1 heavy)], (map { $_ => ['a/1'] } qw(drain enable disable remove)), fault => [qw(a1 --latency 1s --off)],
    completion => ['ksh'], health => ['nowhere'], (map { +"dead $_" => ['all', '1-1'] } qw(replay purge)), (map { $_ => ['x'] } 'dead show', 'spill show'));

my @commands = qx{$weirctl --help} =~ /^  ([a-z]+(?: (?:list|show|replay|purge|status))?) .*[.]$/mg;
my $command_first = join '|', @commands, qw(dead spill);
sub is_refused ($run, $name) {
    is("$run->{status} $run->{stdout}", '2 ', "$name is wrong usage");
    like($run->{stderr}, qr/\Aweirctl: (?!(?:$command_first):)[^\n]+\n\z/,
        'and is told in one line, after the name of the program alone');
}

cmp_ok(scalar @commands, '>', 15, 'there are commands');
for my $command (@commands) {
    my @words = split / /, $command;
    my @ways = $command eq 'health' ? [] : @nobody;
    is_refused(run('weirctl', @words, '--no-such-option'), "$command with an option that there is not");
    is_refused(run('weirctl', @words, '--timeout', 'soon'), "$command with a value that is none");
    for my $way (@ways) {
        is_refused(run('weirctl', @$way, @words, 'a', 'b', 'c', 'd'), "$command with too many words") if $command !~ /^dead [rp]/;
        is_refused(run('weirctl', @$way, @words, $wrong{$command}->@*), "$command @{$wrong{$command}}") if $wrong{$command};
    }
}
is_refused(run('weirctl', @$_), "weirctl @$_") for [], ['stauts'], ['dead'], [ 'dead', 'lsit' ], [qw(--admin nowhere status)], [qw(top --json)];

# ---- two ways at once ----
my @node = ('--admin', 'http://127.0.0.1:1');
for ([ '--pool', 'x' ], [ '--redis', 'redis://127.0.0.1:1' ], [ '--redis-file', '/dev/null' ], [ '--spill-redis', 'redis://127.0.0.1:1' ]) {
    my $run = run('weirctl', 'dead', 'purge', 'all', '--yes', @$_, @node);
    is_refused($run, "$_->[0] beside --admin");
    last if $_->[0] eq '--redis-file';
    like($run->{stderr}, qr/^weirctl: \Q$_->[0]\E does not go with --admin: the node at \S+ has its own pool and Redis$/, 'and both are named');
}
is_refused(run('weirctl', qw(dead replay all --spill-max-bytes 1), @node), '--spill-max-bytes beside --admin');
is_refused(run('weirctl', 'status', '--admin-token', 'x' x 16), 'a token without --admin');
{
    local $ENV{WEIR_ADMIN} = 'http://127.0.0.1:1';
    like(run('weirctl', 'status', '--pool', 'x')->{stderr}, qr/^weirctl: --pool does not go with WEIR_ADMIN: /, 'a variable that names the node is named');
}
{
    local $ENV{WEIR_REDIS} = 'redis://127.0.0.1:1';
    my $run = run('weirctl', 'status', @node);
    is($run->{status}, 1, 'a variable that names Redis does not keep anybody from asking a node');
    like($run->{stderr}, qr/^weirctl: the node at /, 'and is asked it is');
}

# ---- the others ----
for my $program (qw(weir-node weir-analyzer weir-loadgen weir-sidecar)) {
    for ([ '--no-such-option' ], [ '--log-level', 'loud' ]) {
        my $run = run($program, @$_);
        is($run->{status}, 2, "$program @$_ is wrong usage");
        like($run->{stderr}, qr/\A$program: [^\n]+\n\z/, 'and is told in the same way');
    }
}
done_testing;
