# One analyzer 50 times slower than the others holds up only what it gets itself.
#
# Two clusters under the same load at the same time, one of them with a slow analyzer: whatever else happens on the machine happens to both.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Select;
use IO::Socket::INET;
use List::Util qw(max min sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Test;

use constant { DELAY_MS => 40, SLOWER => 50, RATE => 400, PROBES => 100, SECONDS => 6, ROUNDS => 3 };

alarm 550;
my %sides;
for my $name (qw(alike slow)) {
    my @ids = map { "$name$_" } 1 .. 5;
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--ack-within', 0 ]); # each answer names its analyzer
    for my $i (0 .. 4) {
        my @last = $i < 4 ? () : ('--accepts', 'packet');
        $cluster->start_analyzer($ids[$i] => 1, @last, '--delay-ms', DELAY_MS * ($name eq 'slow' && $i == 4 ? SLOWER : 1));
    }
    $cluster->wait_known(@ids);
    $sides{$name} = { name => $name, cluster => $cluster, node => $cluster->node(1), others => [ @ids[ 0 .. 3 ] ], last => $ids[4] };
}

sub percentile ($percent, @values) { return (sort { $a <=> $b } @values)[ $percent / 100 * $#values ] }

sub look ($side) {
    my $metrics = metrics($side->{node});
    $side->{lengths}{$_} += $metrics->{"weir_lane_queued_packets{analyzer=\"$_\"}"} // 0 for @{ $side->{others} }, $side->{last};
    $side->{looks}++;
}

# Sends a packet on a connection that is free; {socket => [side, when]} of those that are out.
sub probe ($side, $out, $select) {
    my $socket = pop @{ $side->{free} } // IO::Socket::INET->new($side->{node}{ingest}) // die "connect: $@";
    $select->add($socket);
    $out->{$socket} = [ $side, time ];
    syswrite $socket, "POST /ingest HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n\r\n{\"messages\":[1]}";
}

sub take_answer ($socket, $out, $select) {
    sysread $socket, my $answer, 65536 or die "the node hangs up\n";
    my ($side, $since) = @{ delete $out->{$socket} };
    my ($analyzer) = $answer =~ /^HTTP\/1.1 202 .*^Weir-Analyzer: (\w+)/ms or die "answer: $answer\n";
    push @{ $side->{ms}{$analyzer} }, 1000 * (time - $since);
    $select->remove($socket);
    push @{ $side->{free} }, $socket;
}

# Packets, and looks at the lanes, for so many seconds: both sides in turn. Then for each the 99th percentile of its packets that
# went to others than its last analyzer, and the mean lengths of its lanes.
sub watch ($seconds) {
    state $out = {};
    state $select = IO::Select->new;
    my ($begin, $n, $n_looks) = (time, 0, 0);
    delete @$_{qw(ms lengths looks)} for values %sides;
    while (time < $begin + $seconds) {
        for (; $n < (time - $begin) * PROBES; $n++) { probe($_, $out, $select) for values %sides }
        take_answer($_, $out, $select) for $select->can_read(0.002);
        for (; $n_looks < (time - $begin) * 20; $n_looks++) { look($_) for values %sides }
    }
    for my $side (values %sides) {
        $_ /= $side->{looks} for values %{ $side->{lengths} };
        $side->{p99} = percentile(99, map { @{ $side->{ms}{$_} // [] } } @{ $side->{others} });
        note(sprintf '%-5s p99 %.1f ms of %d; mean lengths %s', $side->{name}, $side->{p99}, sum0(map { scalar @$_ } values %{ $side->{ms} }),
            join ' ', map { sprintf '%s %.1f', $_, $side->{lengths}{$_} } sort keys %{ $side->{lengths} });
    }
}

my @loads = map { $_->{cluster}->begin_load(rate => RATE, connections => 300, messages => 1, duration => (5 + SECONDS * ROUNDS) . 's') } values %sides;
watch(5);
my (@longer, @lengths);
for my $round (1 .. ROUNDS) { # one may be spoilt; the best counts
    watch(SECONDS);
    my ($alike, $slow) = @sides{qw(alike slow)};
    push @longer, $slow->{p99} / $alike->{p99};
    push @lengths, max(map { $slow->{lengths}{ $slow->{others}[$_] } / max(1, $alike->{lengths}{ $alike->{others}[$_] }) } 0 .. 3);
    last if $longer[-1] < 1.2 && $lengths[-1] < 2;
}
cmp_ok(min(@longer), '<', 1.2, 'the 99th percentile of packets to the others grows by less than 20 %');
cmp_ok(min(@lengths), '<', 2, 'no lane of theirs is twice as long as it would be');
cmp_ok($sides{slow}{lengths}{ $sides{slow}{last} }, '<', 128, 'the lane of the slow one is bounded');
is_deeply([ map { $sides{slow}{cluster}->finish_load($_)->{status} } @loads ], [ 0, 0 ], 'no agent sees an error');

done_testing;
