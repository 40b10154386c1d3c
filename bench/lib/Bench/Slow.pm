package Bench::Slow;

# One contestant, three analyzers, and agents that each wait for an answer before they send the next packet. For some time one
# analyzer is slow and one takes packets and never answers; the health checks of both stay good.
use v5.36;
use Bench::Prepare;
use Bench::Process;
use Bench::Redis;
use Bench::Routers;
use HTTP::Tiny;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

use constant { STEP_S => 0.5, AGENT_WAITS_S => 10, SLOW_MS => 800 };

my @weights = (40, 30, 30); # of the good one, the slow one, the hung one
my $body = '{"messages":["' . 'x' x 1000 . '"]}';
my $request = "POST /ingest HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";

sub contestants () { return qw(weir haproxy nginx) }

sub _start ($name, $analyzers) {
    return Bench::Routers::start($name, { analyzers => $analyzers }) if $name ne 'weir';
    state @kept;
    my $redis = Bench::Redis->start;
    my $node = Bench::Routers::start(weir => { redis => $redis->url, pool => 'bench' });
    Bench::Routers::register($node, $analyzers);
    push @kept, $redis;
    return $node;
}

sub _percentile ($percent, $values) {
    my @sorted = sort { $a <=> $b } @$values;
    return @sorted ? $sorted[ $percent / 100 * $#sorted ] : undef;
}

# An agent sends; one that cannot connect tries again at its next turn.
sub _send ($agent, $select) {
    $agent->{socket} //= IO::Socket::INET->new($agent->{addr}) // return;
    $agent->{since} = time;
    $select->add([ $agent->{socket}, $agent ]) if !$select->exists($agent->{socket});
    syswrite $agent->{socket}, $request;
}

sub _hang_up ($agent, $select) {
    $select->remove($agent->{socket});
    close delete $agent->{socket};
}

# {steps => [[seconds, packets a second, p99 in ms], ...]}. Options: agents, and how many seconds are before, fault, after.
sub measure ($name, %options) {
    my $sink = Bench::Process->start([ 'weir-bench-sink', '--listeners', scalar @weights ]);
    $sink->wait_log(qr/((?:.*addr=.*\n){3})/);
    my @addrs = $sink->log =~ /addr=(\S+)/g;
    my $router = _start($name, [ map { [ $addrs[$_], $weights[$_] ] } 0 .. $#weights ]);
    my $http = HTTP::Tiny->new(timeout => 5);
    my %change = ($options{before} => [ SLOW_MS, 'hang' ], $options{before} + $options{fault} => [ 0, 0 ]);
    my ($select, $begin, @steps, @ms) = (IO::Select->new, time);
    my @agents = map { { addr => $router->{addr} } } 1 .. $options{agents};
    _send($_, $select) for @agents;
    my $end = $options{before} + $options{fault} + $options{after};
    while ((my $now = time - $begin) < $end) {
        for my $at (grep { $now >= $_ } keys %change) {
            my $faults = delete $change{$at};
            $http->get("http://$addrs[$_ + 1]/fault/$faults->[$_]") for 0, 1;
        }
        for ($select->can_read(0.01)) {
            my ($socket, $agent) = @$_;
            if (!sysread $socket, my $answer, 65536) { _hang_up($agent, $select) }
            elsif ($answer =~ m{^HTTP/1\.1 2}) { push @ms, 1000 * (time - $agent->{since}) }
            _send($agent, $select);
        }
        next if $now < STEP_S * (@steps + 1);
        for (grep { !$_->{socket} || time - $_->{since} > AGENT_WAITS_S } @agents) {
            _hang_up($_, $select) if $_->{socket};
            _send($_, $select);
        }
        # an agent that still waits counts with the time that it has waited
        my @waits = map { 1000 * (time - $_->{since}) } @agents;
        push @steps, [ STEP_S * (@steps + 1), @ms / STEP_S, _percentile(99, [ @ms, grep { $_ > 1000 * STEP_S } @waits ]) // 0 ];
        @ms = ();
    }
    return { steps => \@steps };
}

# Means over the steps in between, without those at the edges: {packets_per_s, p99_ms (of the worst step)}
sub figures ($steps, $from, $to) {
    my @in = grep { $_->[0] > $from && $_->[0] <= $to } @$steps;
    my ($sum, $worst) = (0, 0);
    for (@in) { $sum += $_->[1]; $worst = $_->[2] if $_->[2] > $worst }
    return { packets_per_s => @in ? $sum / @in : 0, worst_p99_ms => $worst };
}

sub plot ($csv, $svg, %options) {
    my %color = (weir => '#0a7f3f', haproxy => '#c2410c', nginx => '#1d4ed8');
    my %title = (weir => 'Weir', haproxy => 'HAProxy', nginx => 'nginx');
    my ($from, $to) = ($options{before}, $options{before} + $options{fault});
    my $lines = sub ($column) {
        join ', ', map { sprintf q('< grep "^%s," %s' using 2:($%d < 0.1 ? 0.1 : $%d) with lines lw 2 lc rgb '%s' title '%s'),
            $_, $csv, $column, $column, $color{$_}, $title{$_} } split /,/, $options{only};
    };
    open my $gnuplot, '|-', 'gnuplot' or die "gnuplot: $!\n";
    print $gnuplot <<~"END";
        set terminal svg size 920,380 font 'sans-serif,12' background '#ffffff'
        set output '$svg'
        set multiplot layout 1,2
        set datafile separator ','
        set grid ytics lc rgb '#e5e7eb'
        set border 3 lc rgb '#6b7280'
        set tics nomirror
        set key outside below horizontal samplen 2
        set xlabel 'seconds'
        set object 1 rectangle from first $from, graph 0 to first $to, graph 1 behind fillcolor rgb '#fef3c7' fillstyle solid noborder
        set logscale y
        set title 'packets a second'
        set yrange [0.1:*]
        plot @{[ $lines->(3) ]}
        set title 'p99 of the time to the answer, ms'
        plot @{[ $lines->(4) ]}
        END
    close $gnuplot or die "gnuplot failed\n";
}

1;
