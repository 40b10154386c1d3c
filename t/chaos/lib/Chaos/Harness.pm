package Chaos::Harness;

# One run: everything is started, load is put on, faults come as planned, everything is healed, and then it is compared
# what was acknowledged and what is on record.
use v5.36;
use JSON::PP qw(decode_json);
use List::Util qw(max sum0);
use Time::HiRes qw(sleep time);
use Chaos::Accounts;
use Chaos::Agents;
use Chaos::Cluster;
use Chaos::Process qw(slurp);
use Chaos::Watch;

use constant {
    TICK => 0.05,            # seconds
    UP_SECONDS => 20,        # for all to be well at the beginning
    CONNECTIONS => 1536,     # of agents: most of them may be waiting for an answer
    CALM_SECONDS => 30,      # of load after the last fault, at most: until shares are measured once more
    AGENT_TIMEOUT => 5,      # seconds for an attempt; what is then still without an answer is given up at the end
    SETTLE_SECONDS => 45,    # for all to be well again at the end; they begin anew when the spill has become smaller
    MOST_SETTLE_SECONDS => 180, # for that in all
    VERIFY_SECONDS => 15,
};

# Options: plan, folder, bin, rate, agents (names), spill_max; say: is given a line of text for each thing that happens.
sub new ($class, %options) {
    return bless { say => sub ($line) { }, %options, prefix => "s$options{plan}{seed}" =~ s/[^A-Za-z0-9._]/_/gr, notes => [] }, $class;
}

# No run takes longer.
sub most_seconds ($self) {
    return $self->{plan}{for_ms} / 1000 + UP_SECONDS + CALM_SECONDS + 3 * AGENT_TIMEOUT + MOST_SETTLE_SECONDS + VERIFY_SECONDS + 75;
}

# What there is to report, see Chaos::Report.
sub run ($self) {
    $self->_start;
    $self->_load;
    $self->_carry_out;
    $self->_calm_down;
    $self->_settle;
    my %told = (relayed => $self->{cluster}->relay->counts, reasons => $self->{cluster}->refusals, verify => $self->_verify);
    $self->{cluster}->stop;
    my $accounts = Chaos::Accounts->new(agents => $self->{load}->all, records => [ $self->{cluster}->records ]);
    return $self->_result($accounts, \%told);
}

sub _path ($self, $name) { return "$self->{folder}/$name" }
sub _ms ($self) { return 1000 * (time - $self->{zero}) }

# A failure of the run that is no lost packet.
sub _note ($self, $text) {
    push @{ $self->{notes} }, $text;
    $self->{say}->($text);
}

# Ticks until it is true, or until it is too late.
sub _wait ($self, $seconds, $check) {
    my $deadline = time + $seconds;
    until ($check->()) {
        return 0 if time > $deadline;
        $self->_tick;
        sleep TICK;
    }
    return 1;
}

sub _tick ($self, $is_loaded = 0) {
    $self->{cluster}->tick;
    $self->{watch}->tick($is_loaded);
}

# ---- in the order of a run ----

sub _start ($self) {
    $self->{cluster} = Chaos::Cluster->start(%$self{qw(plan folder bin spill_max)}, has_tls => Chaos::Agents::needs_tls(@{ $self->{agents} }));
    $self->{watch} = Chaos::Watch->new(cluster => $self->{cluster}, %$self{qw(plan folder)}, acked => $self->_path('http.acked'));
    $self->{watch}->begin(time);
    my $is_up = $self->_wait(UP_SECONDS, sub { $self->{watch}->is_well });
    die "not everything comes up: ", $self->_ailments, "\n" if !$is_up;
}

sub _load ($self) {
    $self->{load} = Chaos::Agents->start(%$self{qw(cluster folder bin prefix rate)}, names => $self->{agents}, timeout => AGENT_TIMEOUT,
        connections => CONNECTIONS, duration_ms => $self->{plan}{for_ms} + 1000 * CALM_SECONDS);
    $self->{zero} = time;
    $self->{watch}->begin($self->{zero});
}

sub _carry_out ($self) {
    my @steps = $self->{plan}->steps;
    my %said;
    while ((my $ms = $self->_ms) < $self->{plan}{for_ms}) {
        while (@steps && $steps[0][0] <= $ms) {
            my (undef, $fault, $action, @arguments) = @{ shift @steps };
            $self->{say}->($self->{plan}->line($fault)) if !$said{$fault}++;
            $self->{cluster}->act($action, @arguments);
        }
        $self->_tick(1);
        my @ended = $self->{load}->ended;
        die "the load ended early: @ended\n" if @ended && $self->_ms < $self->{plan}{for_ms} - 1000;
        my $until_next = @steps ? ($steps[0][0] - $self->_ms) / 1000 : TICK;
        sleep max(0.001, $until_next < TICK ? $until_next : TICK);
    }
}

# No fault is left, and the load goes on: shares are to be right again.
sub _calm_down ($self) {
    $self->{cluster}->heal;
    $self->{watch}->begin_calm;
    $self->_wait(CALM_SECONDS, sub { $self->{watch}->is_calm_measured || $self->{load}->ended });
    $self->{watch}->end;
    $self->{load}->ask_to_end;
}

sub _settle ($self) {
    $self->_note('the load did not end') if !$self->_wait(3 * AGENT_TIMEOUT, sub { !$self->{load}->are_running });
    $self->{load}->kill_now;
    $self->{ended} = time;
    my $is_quiet = $self->_wait_while_it_goes_on(sub { $self->{cluster}->is_healed && $self->{watch}->is_well });
    $self->{settled_ms} = 1000 * (time - $self->{ended});
    $self->_note(sprintf 'not everything is well %d s after the end: %s', time - $self->{ended}, $self->_ailments) if !$is_quiet;
}

# How fast the spill empties is the machine's affair. That it goes on is ours.
sub _wait_while_it_goes_on ($self, $check) {
    my ($is_done, $least, $until);
    $self->_wait(MOST_SETTLE_SECONDS, sub {
        my $n = ($self->{watch}->status // {})->{spill}{packets} // $least // 0;
        ($least, $until) = ($n, time + SETTLE_SECONDS) if !defined $least || $n < $least;
        $is_done = $check->();
        return $is_done || time >= $until;
    });
    return $is_done;
}

sub _ailments ($self) { return join ', ', $self->{watch}->ailments($self->{watch}->status) }

# Shares of all that was ever routed are none that were wanted: faults were on.
sub _verify ($self) {
    my @command = $self->{cluster}->weirctl('verify', '--json', '--tolerance', 100, '--wait', VERIFY_SECONDS . 's');
    my $process = Chaos::Process->new('verify', $self->{folder}, sub ($n) { @command }, ends => 1, stdout => $self->_path('verify.json'));
    $process->start;
    $self->_wait(VERIFY_SECONDS + 10, sub { !$process->is_running });
    return $self->_json('verify.json') // { ok => 0, checks => [ { check => 'verify', ok => 0, detail => 'no answer' } ] };
}

sub _json ($self, $name) {
    return eval { decode_json(slurp($self->_path($name))) };
}

# ---- the result ----

sub _result ($self, $accounts, $told) {
    my %reports = map { ($_ => $self->{load}->report($_)) } keys %{ $self->{load}->all };
    $self->_note("the load left no report: $_") for grep { !$reports{$_} } sort keys %reports;
    my $acked = $accounts->n_acked;
    my @bad_checks = grep { !$_->{ok} && !$self->_is_excused($_->{check}) } @{ $told->{verify}{checks} };
    my %kinds;
    $kinds{ $_->{kind} }++ for $self->{plan}->faults;
    my %skipped = ('empty-redis' => $self->{cluster}->n_emptied, 'move-slot' => $self->{cluster}->n_moves);
    $skipped{$_} = ($kinds{$_} // 0) - $skipped{$_} for keys %skipped;
    my @lost = map { $self->_lost($_) } $accounts->lost;
    my @problems = (@{ $self->{notes} }, $self->{cluster}->problems, map { "verify: $_->{check}: $_->{detail}" } @bad_checks);
    my $pause = $self->{watch}->longest_pause;
    my $status = $self->{watch}->status // {};
    return {
        ok => @lost || @problems ? 0 : 1, problems => \@problems,
        plan => $self->{plan}, rate => $self->{rate}, kinds => \%kinds, skipped => { map { $_ => $skipped{$_} } grep { $skipped{$_} } keys %skipped },
        acknowledged => sum0(values %$acked), by_agent => $acked, recorded => $accounts->n_recorded, duplicates => $accounts->n_duplicates, lost => \@lost,
        load => delete $reports{http}, others => \%reports, relayed => $told->{relayed}, reasons => $told->{reasons}, verify => $told->{verify},
        spilled => $self->{watch}->most_spilled, dead => $status->{dead}{packets}, settled_ms => $self->{settled_ms},
        gaps => [ sort { $b->{error_percent} <=> $a->{error_percent} } $self->{watch}->gaps ], ill_gaps => $self->{watch}->ill_gaps, calm => $self->{watch}->calm_gap,
        pause => { %$pause, during => [ map { Chaos::Kinds::describe($_) } $self->{plan}->at($pause->{at_ms}, 1000) ] },
    };
}

# Redis adds up what it was told. A node that is killed does not tell what it delivered last, an analyzer not what it
# processed last; and it counts a packet once that was delivered twice. What is on record is compared without them.
sub _is_excused ($self, $check) {
    my %excuses = (shares => qr/./, processed => qr/./, delivered => qr/^kill-node$/);
    my $faults = $excuses{$check} or return 0;
    return scalar grep { $_->{kind} =~ $faults } $self->{plan}->faults;
}

# When it was acknowledged, if that is known, what was wrong then, where its id is found.
sub _lost ($self, $lost) {
    my $ms = $lost->{agent} eq 'http' ? $self->{watch}->time_of($lost->{at}) : undef;
    my @faults = map { Chaos::Kinds::describe($_) } defined $ms ? $self->{plan}->at($ms, 2000) : ();
    state $n = 0;
    my @traces = ++$n <= 20 ? Chaos::Accounts->traces($self->{folder}, $lost->{id}) : ();
    return { id => $lost->{id}, acknowledged_ms => defined $ms ? int $ms : undef, during => \@faults, found_in => \@traces };
}

1;
