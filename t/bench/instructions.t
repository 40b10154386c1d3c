# A packet costs as many instructions as it did when the number in bench/instructions.txt was stored.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../../bench/lib";
use Bench::Instructions;
use Test::More;

alarm 300;
my $obstacle = Bench::Instructions::obstacle();
plan skip_all => $obstacle if $obstacle;
my $platform = Bench::Instructions::platform() // 'this system';
my $expected = Bench::Instructions::expected();
plan skip_all => "no number is stored for $platform" if !defined $expected;

my $found = Bench::Instructions::measure(5);
my $excess = Bench::Instructions::excess($found->{per_packet});
note(sprintf '%.0f instructions per packet, stored for %s: %d (%+.1f %%)', $found->{per_packet}, $platform, $expected, 100 * $excess);
SKIP: { # a node that is slow does more by time, such as looking at the pool, for each packet
    skip sprintf('other programs had the processor for %.0f %% of the time', 100 * $found->{delayed}), 2
        if $found->{delayed} > Bench::Instructions::MOST_DELAYED;
    cmp_ok($excess, '<=', Bench::Instructions::TOLERANCE, 'a packet costs no more than it did')
        or diag('bench/instructions --profile shows on what they are spent');
    cmp_ok($excess, '>=', -Bench::Instructions::TOLERANCE, 'nor so much less that a later loss would go unseen')
        or diag('bench/instructions --store keeps what was won');
}
done_testing;
