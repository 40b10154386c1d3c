# What completes commands in zsh and in fish is loaded there, and completes a command, an option and an analyzer.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test qw(bin_dir);
use Weir::Test;

alarm 300;
sub has ($shell) { return scalar grep { -x "$_/$shell" } split /:/, $ENV{PATH} }
my $redis = Weir::Redis->new;
$redis->script('register', 'default', $_, 'http://127.0.0.1:9/ingest', 1, 60000, "i-$_", '{}', -1, 0, '', '') for qw(first-one first-two);
my %script = map { ($_ => folder . "/completion.$_") } qw(zsh fish);
for my $shell (sort keys %script) {
    open my $file, '>', $script{$shell} or die $!;
    print {$file} run('weirctl', 'completion', $shell)->{stdout};
    close $file;
}
my %env = (PATH => bin_dir() . ":$ENV{PATH}", HOME => folder, WEIR_REDIS => $redis->url, XDG_CONFIG_HOME => folder, XDG_DATA_HOME => folder);

SKIP: {
    skip 'fish is not installed', 5 if !has('fish');
    my $after = sub ($line) {
        local @ENV{ keys %env } = values %env;
        open my $fish, '-|', 'fish', '--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', $script{fish}, "weirctl $line" or die $!;
        my @words = sort map { chomp; (split /\t/)[0] } <$fish>;
        return \@words;
    };
    is_deeply($after->('wat'), ['watch'], 'fish completes a command');
    ok((grep { $_ eq '--tolerance' } @{ $after->('verify --to') }), 'an option of it');
    ok(!(grep { $_ eq '--tolerance' } @{ $after->('status --') }), 'and not one of another');
    is_deeply($after->('drain first'), [qw(first-one first-two)], 'an analyzer');
    ok((grep { $_ eq 'replay' } @{ $after->('dead re') }), 'and the second word of a command');
}

# A zsh at a terminal of its own gets keys: the line, TAB, and ^G, which writes down what the line is then.
SKIP: {
    skip 'zsh is not installed', 4 if !has('zsh');
    my $seen = folder . '/zsh.seen';
    my @lines = ('weirctl wat', 'weirctl verify --tol', 'weirctl drain fir', 'weirctl dead rep');
    my $types = <<~'ZSH';
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "autoload -Uz compinit; compinit -D -u; source $1; write() { print -r -- \$BUFFER >>$2; }; zle -N write; bindkey '^G' write; print ready >>$2"
        until [[ -s $2 ]]; do zpty -rt shell; sleep 0.05; done >/dev/null
        shift 2
        for line; do zpty -wn shell "$line"$'\t\a\x15'; done
        zpty -w shell exit
        while zpty -r shell; do :; done >/dev/null
        ZSH
    local @ENV{ keys %env } = values %env;
    local $ENV{TERM} = 'dumb';
    my $zsh = Weir::Process->start([ 'zsh', '-f', '-c', $types, 'zsh', $script{zsh}, $seen, @lines ], name => 'zsh', may_end => 1);
    wait_until { $zsh->has_ended } 30, 'zsh to end';
    my @became = split /\n/, slurp($seen);
    like($became[1], qr/^weirctl watch *$/, 'zsh completes a command') or diag slurp($seen), $zsh->log;
    like($became[2] // '', qr/^weirctl verify --tolerance *$/, 'an option of it');
    like($became[3] // '', qr/^weirctl drain first-$/, 'an analyzer, as far as it is clear');
    like($became[4] // '', qr/^weirctl dead replay *$/, 'and the second word of a command');
}
done_testing;
