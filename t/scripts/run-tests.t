# Of a test file that fails, what it said on stderr stands at the end of the output of all tests, by its name.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Base qw(checkout folder slurp);

alarm 300;
my %file = (
    'good.t' => 'print STDERR "good is fine\n"; print $ENV{WEIR_TESTS_SAID} ? "not " : "", "ok 1\n1..1\n";', # it may start a run of its own
    'dies.t' => 'print "ok 1\n"; die "waited too long for: the server\n";',
    'fails.t' => 'use Test::More; is(1, 2, "one is two"); diag("line $_") for 1 .. 200; done_testing;',
);
for my $name (keys %file) {
    open my $out, '>', folder . "/$name" or die "$name: $!";
    print {$out} $file{$name};
    close $out or die "$name: $!";
}

# Its exit status, and what it prints on both.
sub run_tests (@names) {
    my $out = folder . '/out';
    my $status = system 'sh', '-c', 'exec "$@" >"$0" 2>&1', $out, checkout . '/scripts/run-tests.sh', map { folder . "/$_" } @names;
    return ($status >> 8, slurp($out));
}

my ($status, $text) = run_tests(qw(good.t));
is($status, 0, 'tests that pass');
like($text, qr/^Result: PASS\n\z/m, 'and the verdict is what comes last');
like($text, qr/^good is fine$/m, 'what they say is passed on');

($status, $text) = run_tests(sort keys %file);
isnt($status, 0, 'one that fails fails all');
my ($before, $after) = split /^Result: FAIL\n/m, $text;
like($after, qr{^---- \S+/dies\.t failed, and said:\nwaited too long for: the server$}m, 'why a file ended stands after the verdict');
like($after, qr{^---- \S+/fails\.t failed, and said:\n\n?#   Failed test 'one is two'$}m, 'and so does what failed');
like($after, qr/^# line 1\n(?:.*\n)*\[\d+ lines more\]\n(?:.*\n)*# line 200$/m, 'without the middle of what is long');
unlike($after, qr/good/, 'nothing is told of those that passed');
done_testing;
