package Weir::Wait;

# How long tests wait. A deadline ends a test that hangs, and is no claim about how fast anything is: so each of them is
# five times what it is on a machine that has nothing else to do.
#
#   my $deadline = deadline(10);                        # 50 s from now
#   my $found = until_true(10, sub { ... });            # what it returns once that is true; undef: never in that time
use v5.36;
use Exporter qw(import);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(deadline until_true);
use constant PATIENCE => 5;

sub deadline ($seconds) { return time + PATIENCE * $seconds }

sub until_true ($seconds, $check) {
    my $deadline = deadline($seconds);
    while (1) {
        my $result = $check->();
        return $result if $result;
        return undef if time > $deadline;
        sleep 0.02;
    }
}

1;
