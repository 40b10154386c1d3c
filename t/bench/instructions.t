# A packet costs as many instructions as it did when the numbers in bench/instructions.txt were stored.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../../bench/lib";
use Bench::Instructions;
use Test::More;

alarm 600;
my $obstacle = Bench::Instructions::obstacle();
plan skip_all => $obstacle if $obstacle;
my $platform = Bench::Instructions::platform() // 'this system';
my $expected = Bench::Instructions::expected();
plan skip_all => "no number is stored for $platform" if !%$expected;

my @shapes = Bench::Instructions::shapes();
is_deeply([ sort keys %$expected ], [ sort @shapes ], 'there is a number for each shape');
my $found = Bench::Instructions::measure(3, @shapes);
for my $shape (@shapes) {
    my $tolerance = Bench::Instructions::tolerance($shape);
    my $excess = $found->{$shape}{per_packet} / $expected->{$shape} - 1;
    note(sprintf '%s: %.0f instructions per packet, stored for %s: %d (%+.1f %%)', $shape, $found->{$shape}{per_packet}, $platform, $expected->{$shape}, 100 * $excess);
    SKIP: { # a node that is slow does more by time, such as looking at the pool, for each packet
        skip sprintf('other programs had the processor for %.0f %% of the time', 100 * $found->{$shape}{delayed}), 2
            if $found->{$shape}{delayed} > Bench::Instructions::MOST_DELAYED;
        cmp_ok($excess, '<=', $tolerance, "$shape: a packet costs no more than it did")
            or diag("bench/instructions --profile --shapes $shape shows on what they are spent");
        cmp_ok($excess, '>=', -$tolerance, "$shape: nor does it cost less, which would hide a later loss")
            or diag('bench/instructions --store keeps what was won');
    }
}
done_testing;
