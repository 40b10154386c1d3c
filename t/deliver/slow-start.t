# A cold analyzer asks for a slow start: its weight ramps up over that time, and then its share is right.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Time::Local qw(timegm);
use Weir::Cluster;
use Weir::Test;

use constant RAMP_S => 3;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 1 });
my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0);
my $total = sub ($counts = $cluster->counts) { sum0 values %$counts };
wait_until { $total->() >= 10_000 } 20, 'the load is on';

my $before = $cluster->counts;
my ($y, $mon, $d, $h, $min, $s) = $cluster->start_analyzer(a2 => 1, '--slow-start', RAMP_S . 's')
    ->wait_log(qr/ts=(\S+) .*msg=registered/) =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)Z$/;
my $registered = timegm(0, $min, $h, $d, $mon - 1, $y) + $s; # by its own clock, however late this looks at it

# Its part of each 1000 messages, and when that was: in seconds since it registered.
my @parts;
until (@parts && $parts[-1][0] > RAMP_S + 0.5) {
    my ($now, $n);
    wait_until { $now = $cluster->counts; ($n = $total->($now) - $total->($before)) >= 1000 } 10, '1000 messages';
    push @parts, [ time - $registered, ($now->{a2} - ($before->{a2} // 0)) / $n ];
    $before = $now;
}
note(join ' ', map { sprintf '%.1fs:%.0f%%', $_->[0], 100 * $_->[1] } @parts);

# By then it has no more than the part of its weight that belongs to that time; what the counters lag makes it less.
sub part_at ($s) { my $weight = $s / RAMP_S; return $weight >= 1 ? 0.5 : $weight <= 0 ? 0 : $weight / (1 + $weight) }
my @first = grep { $_->[0] <= RAMP_S } @parts;
my @too_much = grep { $_->[1] > part_at($_->[0] + 0.15) + 0.03 } @first;
cmp_ok(scalar @first, '>', 0, 'it was looked at meanwhile');
is_deeply(\@too_much, [], 'it never gets more than the part of its weight that it has by then');
cmp_ok($parts[-1][1], '>', $parts[0][1], 'but it grows');

$before = $cluster->counts;
wait_until { $total->() >= $total->($before) + 10_000 } 20, '10000 messages';
my $errors = $cluster->errors({ a1 => 1, a2 => 1 }, $before);
cmp_ok(Weir::Cluster::worst($errors), '<=', 100, 'after that its share is right');

$load->signal('INT');
is($cluster->finish_load($load)->{status}, 0, 'no agent sees an error');

done_testing;
