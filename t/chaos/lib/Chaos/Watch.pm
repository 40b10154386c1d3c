package Chaos::Watch;

# What is measured while a run goes on: the longest time in which nothing was acknowledged, and how far the shares were
# off in each quiet gap, over what was routed from the moment when all had been well for a while. Never waits: weirctl
# is asked in the background.
use v5.36;
use JSON::PP qw(decode_json);
use List::Util qw(max sum0);
use Time::HiRes qw(time);
use Chaos::Process qw(slurp);

use constant {
    LOOK_EVERY => 0.25,       # seconds
    CALM_LOOKS => 12,         # at the end shares are measured for at least 3 s
    SETTLING => 1,            # seconds from when all is well until shares are measured
    LEAST_MESSAGES => 3000,   # fewer say nothing of shares
};

# Options: cluster, plan, folder, acked (path).
sub new ($class, %options) {
    return bless {
        %options, samples => [], pause => { ms => 0, at_ms => 0 }, grown_at => undef, last_size => 0,
        latest => undef, gaps => [], ill => {}, spilled => 0,
    }, $class;
}

# The run begins: what was seen before does not count.
sub begin ($self, $now) {
    @$self{qw(zero grown_at next_look)} = ($now) x 3;
    delete @$self{qw(open looking)};
    $self->{ill} = {};
}

sub tick ($self, $is_loaded = 1) {
    my $now = time;
    $self->_look_at_acked($now) if $is_loaded;
    $self->_look_at_status($now);
}

# ---- service ----

# weir-loadgen writes the file out four times a second.
sub _look_at_acked ($self, $now) {
    my $size = -s $self->{acked} // 0;
    my $pause = 1000 * ($now - $self->{grown_at});
    $self->{pause} = { ms => $pause, at_ms => 1000 * ($self->{grown_at} - $self->{zero}) } if $pause > $self->{pause}{ms};
    return if $size == $self->{last_size};
    push @{ $self->{samples} }, [ 1000 * ($now - $self->{zero}), $size ];
    @$self{qw(grown_at last_size)} = ($now, $size);
}

# {ms, at_ms}: how long, and when it began.
sub longest_pause ($self) { return $self->{pause} }

# When the byte at this place of the file had been written, in ms of the run.
sub time_of ($self, $at) {
    my ($sample) = grep { $_->[1] > $at } @{ $self->{samples} };
    return $sample ? $sample->[0] : $self->{samples} && @{ $self->{samples} } ? $self->{samples}[-1][0] : 0;
}

# ---- shares ----

sub _look_at_status ($self, $now) {
    if (my $looking = $self->{looking}) {
        return if $looking->is_running;
        delete $self->{looking};
        $self->{latest} = $looking->status ? undef : $self->_read_status;
        $self->{spilled} = max($self->{spilled}, $self->{latest}{spill}{packets}) if $self->{latest};
        $self->_judge($self->{asked_at}, $self->{latest});
    }
    return if $now < $self->{next_look};
    @$self{qw(next_look asked_at)} = ($now + LOOK_EVERY, $now);
    my @command = $self->{cluster}->weirctl('status', '--json', '--timeout', '500ms');
    my %options = (ends => 1, stdout => "$self->{folder}/status.json");
    $self->{looking} = Chaos::Process->new('weirctl-status', $self->{folder}, sub ($n) { @command }, %options);
    $self->{looking}->start;
}

sub _read_status ($self) {
    return eval { decode_json(slurp("$self->{folder}/status.json")) };
}

# The newest status; undef: Redis did not answer.
sub status ($self) { return $self->{latest} }

# Packets in the spill, at most, as far as was seen.
sub most_spilled ($self) { return $self->{spilled} }

# Who is away, who does not reach whom, what waits; empty when all is well.
sub ailments ($self, $status) {
    return 'Redis does not answer' if !$status;
    my %found = map { $_->{id} => $_ } @{ $status->{analyzers} }, @{ $status->{nodes} };
    return (
        (map { "$_ is away" } grep { !$found{$_} } @{ $self->{plan}{analyzers} }, @{ $self->{plan}{nodes} }),
        (map { "$_->{id} is $_->{health}" } grep { $_->{health} ne 'up' } @{ $status->{analyzers} }),
        (map { "$_->{id} does not reach @{ $_->{unreachable} }" } grep { @{ $_->{unreachable} } } @{ $status->{nodes} }),
        (map { "$_->{id} does without Redis" } grep { $_->{mode} eq 'away' } @{ $status->{nodes} }),
        $status->{spill}{packets} ? "$status->{spill}{packets} packets are in the spill" : (),
    );
}

sub is_well ($self) { return !$self->ailments($self->{latest}) }

sub _judge ($self, $asked_at, $status) {
    my $ms = 1000 * ($asked_at - $self->{zero});
    my ($gap) = $self->{calm} // grep { $_->[0] <= $ms && $ms <= $_->[1] } $self->{plan}->quiet;
    my $open = $self->{open};
    my @ailments = $self->ailments($status);
    my $is_same = $gap && $open && $open->{gap} == $gap && !@ailments && $open->{epoch} == $status->{epoch};
    $self->{ill}{ $gap->[0] } = join ', ', @ailments if $gap && @ailments;
    return $self->_extend($open, $asked_at, $status) if $is_same;
    $self->_finish;
    $self->{open} = { gap => $gap, since => $asked_at, epoch => $status->{epoch} } if $gap && !@ailments;
}

sub _extend ($self, $open, $asked_at, $status) {
    return if $asked_at < $open->{since} + SETTLING;
    $open->{n_looks}++;
    $open->{ $open->{first} ? 'last' : 'first' } = $status;
}

# What was routed between the first and the last look of a stretch in which all was well: {id => messages}.
sub _routed ($open) {
    my %before = map { $_->{id} => $_->{routed} } @{ $open->{first}{analyzers} };
    return map { $_->{id} => $_->{routed} - $before{ $_->{id} } } @{ $open->{last}{analyzers} };
}

sub _finish ($self) {
    my $open = delete $self->{open};
    return if !$open || !$open->{last};
    my %got = _routed($open);
    my $total = sum0 values %got;
    return if $total < LEAST_MESSAGES;
    my $worst = max map { abs(100 * $got{ $_->{id} } / $total - 100 * $_->{share}) } @{ $open->{last}{analyzers} };
    delete $self->{ill}{ $open->{gap}[0] };
    push @{ $self->{gaps} }, { from_ms => int(1000 * ($open->{since} - $self->{zero})), messages => $total, error_percent => $worst };
    $self->{calm_gap} = $self->{gaps}[-1] if $self->{calm};
}

# From now on there are no faults.
sub begin_calm ($self) {
    $self->_finish;
    $self->{calm} = [ 1000 * (time - $self->{zero}) ];
}

# Whether enough was routed since all is well again.
sub is_calm_measured ($self) {
    my $open = $self->{open} or return 0;
    my %got = $open->{last} ? _routed($open) : ();
    return ($open->{n_looks} // 0) > CALM_LOOKS && sum0(values %got) >= LEAST_MESSAGES;
}

# As in gaps; undef: not all was well for long enough.
sub calm_gap ($self) { return $self->{calm_gap} }

sub end ($self) { $self->_finish }

# {from_ms, messages, error_percent}, one for each stretch of a gap in which shares could be measured.
sub gaps ($self) { return @{ $self->{gaps} } }

# What was the matter in the others, as last seen: {when the gap began, in ms => text}.
sub ill_gaps ($self) { return $self->{ill} }

1;
