package Chaos::Plan;

# What is to happen, all of it known before the run, from the seed alone: bursts of one to four faults that may
# overlap, and quiet gaps between them, in which the cluster has time to be well.
#
#   |<-quiet->|<-burst->|<---quiet--->|<--burst-->|<---quiet--->|
use v5.36;
use List::Util qw(any max);
use Chaos::Kinds;
use Chaos::Random;

use constant {
    QUIET_MS => [ 3000, 4500 ],
    FIRST_QUIET_MS => 3000,    # the programs have come up by then
    LAST_QUIET_MS => 3000,
    AFTERMATH_MS => 1000,      # within a burst, the next fault comes so long after the others at most: what they left is still there
    BURST_MAX => 4,
};

# Options: seed, for_ms, kinds (names), nodes, analyzers (how many), cluster (whether Redis is a Redis Cluster).
sub new ($class, %options) {
    my $self = bless {
        seed => $options{seed}, for_ms => $options{for_ms}, faults => [], quiet => [], is_cluster => $options{cluster} ? 1 : 0,
        nodes => [ map { "n$_" } 1 .. $options{nodes} ], analyzers => [ map { "a$_" } 1 .. $options{analyzers} ],
    }, $class;
    my $random = Chaos::Random->new("weir $options{seed}");
    $self->{appendfsync} = $random->one_of('always', 'everysec');
    $self->_fill($random, $options{kinds});
    return $self;
}

sub faults ($self) { return @{ $self->{faults} } }

# [begin, end] of each, in ms.
sub quiet ($self) { return @{ $self->{quiet} } }

# Every kind has its turn before one comes again.
sub _fill ($self, $random, $kinds) {
    my ($at, $last, @bag) = (FIRST_QUIET_MS, $self->{for_ms} - LAST_QUIET_MS);
    my $quiet_from = 0;
    while ($at < $last) {
        my @burst = $self->_burst($random, $kinds, \@bag, $at, $last) or last;
        push @{ $self->{quiet} }, [ $quiet_from, $at ];
        push @{ $self->{faults} }, @burst;
        $quiet_from = max map { $_->{at_ms} + $_->{ms} } @burst;
        $at = $quiet_from + $random->between(@{ +QUIET_MS });
    }
    push @{ $self->{quiet} }, [ $quiet_from, $self->{for_ms} ];
}

# Faults from the bag that do not get in each other's way and are over in time. What does not fit stays in the bag.
sub _burst ($self, $random, $kinds, $bag, $at, $last) {
    my ($n, $end, @burst, @left, %held) = ($random->between(1, BURST_MAX), $at);
    push @$bag, $random->shuffled(@$kinds) if @$bag < @$kinds;
    while (@$bag && @burst < $n) {
        my $name = shift @$bag;
        my $fault = Chaos::Kinds::draw($name, $random, $self);
        my $begin = @burst && !Chaos::Kinds::kind($name)->{first} ? $random->between($at, $end + AFTERMATH_MS) : $at;
        my @holds = Chaos::Kinds::holds($fault, $self);
        if ($begin + $fault->{ms} > $last || any { $held{$_} } @holds) {
            push @left, $name;
            next;
        }
        $held{$_} = 1 for @holds;
        push @burst, { %$fault, at_ms => $begin };
        $end = max($end, $begin + $fault->{ms});
    }
    unshift @$bag, @left;
    return sort { $a->{at_ms} <=> $b->{at_ms} || $a->{kind} cmp $b->{kind} } @burst;
}

# [ms, fault, action, arguments ...] in the order of time.
sub steps ($self) {
    my @steps;
    for my $fault ($self->faults) {
        push @steps, map { my ($ms, @what) = @$_; [ $fault->{at_ms} + $ms, $fault, @what ] } Chaos::Kinds::steps($fault, $self);
    }
    return sort { $a->[0] <=> $b->[0] } @steps;
}

# The faults under way at that time, or until so long ago.
sub at ($self, $ms, $since_ms = 0) {
    return grep { $_->{at_ms} <= $ms && $ms <= $_->{at_ms} + $_->{ms} + $since_ms } $self->faults;
}

sub line ($self, $fault) {
    return sprintf '%8.3f s  %7.3f s  %s', $fault->{at_ms} / 1000, $fault->{ms} / 1000, Chaos::Kinds::describe($fault);
}

sub text ($self) {
    my $head = sprintf "seed %s: %d faults in %g s, appendfsync %s%s\n%10s  %9s  fault\n",
        $self->{seed}, scalar $self->faults, $self->{for_ms} / 1000, $self->{appendfsync},
        $self->{is_cluster} ? ', Redis Cluster' : '', 'at', 'for';
    return $head . join '', map { $self->line($_) . "\n" } $self->faults;
}

1;
