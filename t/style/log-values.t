# The values of log lines are checked by the compiler, and every pair has a key and one value.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Find;
use File::Temp;
use Test::More;
use Weir::Build;

my $folder = File::Temp->newdir;

# Whether a function with this statement compiles without a warning.
sub compiles ($statement) {
    open my $file, '>', "$folder/call.c" or die "call.c: $!";
    print $file qq{#include "common/log.h"\nvoid f(void);\nvoid f(void)\n{\n\tint n = 3;\n\t(void)n;\n\t$statement;\n}\n};
    close $file;
    my $cc = $ENV{CC} // 'cc';
    return system("cd ${\checkout} && $cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I. -fsyntax-only $folder/call.c 2>$folder/said") == 0;
}

ok(compiles('log_warn("x", "m", "n=%d s=%s", n, "three")'), 'right values compile');
ok(compiles('log_info("x", "m")'),                           'so does an event without pairs');
for my $level (qw(debug info warn error)) {
    ok(!compiles(qq{log_$level("x", "m", "n=%d s=%s", 1.0, 3)}), "log_$level: values of a wrong type do not");
}
ok(!compiles('log_warn("x", "m", "s=%s", n)'),                         'nor a number where text is expected');
ok(!compiles('log_warn("x", "m", "n=%d s=%s", n)'),                    'nor a value too few');
ok(!compiles('log_warn("x", "m", "n=%d", n, "s")'),                    'nor a value too many');
ok(!compiles('log_warn("x", "m", "n", "%d", 1.0, "s", "%s", 3)'),      'nor keys and formats one by one');
ok(!compiles('const char *pairs = "n=%d"; log_warn("x", "m", pairs, n)'), 'nor pairs that are no literal');
ok(!compiles('log_event(LOG_WARN, "x", "m", "n=%d", "n")'),            'nor wrong values of log_event itself');

# The literals of a call's third argument, glued, of each call in the text.
sub pairs_of ($text) {
    my @pairs;
    my $literal = qr/"(?:[^"\\]|\\.)*"/;
    while ($text =~ /\blog_(?:debug|info|warn|error)\(\s*$literal\s*,(?:[^"();]*\?)?\s*$literal(?:\s*:\s*$literal)?\s*,\s*((?:$literal|PRI\w+|\s)+)/g) {
        push @pairs, $1 =~ s/PRI\w+/"d"/gr =~ s/"\s*"//gr =~ s/^"|"\s*$//gr;
    }
    return @pairs;
}

my (@calls, @odd);
find({ no_chdir => 1, wanted => sub {
    return if !/\.c(?:pp)?$/;
    open my $file, '<', $_ or die "$_: $!";
    my $path = $_;
    for my $pairs (pairs_of(do { local $/; <$file> })) {
        push @calls, $pairs;
        push @odd, "$path: $pairs" if $pairs !~ /^(?:[a-z][a-z0-9_]*=\S*%\S+(?: |$))+$/;
    }
} }, map { checkout() . "/$_" } qw(common registry node analyzer loadgen));
is_deeply(\@odd, [], "each pair of the ${\scalar @calls} calls is key=value");
cmp_ok(scalar @calls, '>', 80, 'and none was overlooked');
done_testing;
