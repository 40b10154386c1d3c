package Bench::Contest;

# The contestants, all running at once, and their turns: A B C A B C, so that whatever else the machine
# does hits all of them. Each figure is kept as a list, a value for each round:
#   {shape => {contestant => {figure => [values]}}}
use v5.36;
use Bench::Load qw(h2load idle_connections paced paced_result wrk);
use Bench::Redis;
use Bench::Routers;
use List::Util qw(max);
use Time::HiRes qw(sleep);

my @weights = (50, 30, 20);
my @contestants = qw(floor haproxy nginx weir received);
my %ack = (weir => 'delivered', received => 'received', before => 'delivered');

# What is sent in a turn of wrk, or of h2load.
my %load = (
    busy => { connections => 64, body => [ 1200, 5 ] },
    few => { connections => 4, body => [ 1200, 5 ] },
    many => { connections => 512, body => [ 1200, 5 ] },
    small => { connections => 64, body => [ 100, 1 ] },
    large => { connections => 64, body => [ 65536, 400 ] },
    heavy => { connections => 4, body => [ 65536, 400 ] },
    huge => { connections => 4, body => [ 1 << 20, 400 ] },
    mixed => { connections => 64, body => ['mixed'] },
    tls => { connections => 64, body => [ 1200, 5 ], tls => 1 },
    h2 => { connections => 4, streams => 16, body => [ 1200, 5 ] },
    grpc => { connections => 4, streams => 16, body => [ 1200, 5 ], is_call => 1 },
    two => { connections => 64, body => [ 1200, 5 ], threads => 2 },
);
my @shapes = qw(busy few many small large heavy huge mixed tls h2 grpc two latency fresh);

# The port of a router that takes it; undef: it has none.
sub _port ($router, $load) { return $load->{tls} ? $router->{tls_addr} : $load->{streams} ? $router->{h2_addr} : $router->{addr} }

sub shapes () { return @shapes }
# Those that wrk sends over plain connections, to one thread.
sub wrk_shapes () { return map { ($_ => $load{$_}) } grep { !grep { $_ } $load{$_}->@{qw(tls streams threads)} } keys %load }
sub contestants () { return @contestants }

# Options: rounds, seconds, shapes, only, connections, rate; before: where the programs of another build are, which is the contestant `before`.
sub new ($class, %options) {
    for my $name ($options{shapes}->@*) { die "there is no shape '$name'\n" if !grep { $_ eq $name } @shapes }
    for my $name ($options{only}->@*) { die "there is no contestant '$name'\n" if !grep { $_ eq $name } @contestants }
    die "latency wants HAProxy among the contestants, or --rate\n"
        if !$options{rate} && grep({ $_ eq 'latency' } $options{shapes}->@*) && !grep { $_ eq 'haproxy' } $options{only}->@*;
    my $self = bless { %options, figures => {}, complaints => [] }, $class;
    push $self->{only}->@*, 'before' if $self->{before};
    $self->{tls} = Bench::Routers::certificate() if grep { $_ eq 'tls' } $options{shapes}->@*;
    $self->{redis} = Bench::Redis->start if grep { $ack{$_} } $self->names;
    $self->{sinks} = [ map { Bench::Process->start([ 'weir-bench-sink' ], name => 'analyzer') } @weights ];
    $self->{analyzers} = [ map { [ $self->{sinks}[$_]->wait_log(qr/addr=(\S+)/), $weights[$_] ] } 0 .. $#weights ];
    $self->{routers}{1} = { map { $_ => $self->_start($_) } $self->names };
    return $self;
}

# The one with as many threads as the shape wants. They are started when they are needed: idle ones would only be in the way.
sub _router ($self, $name, $load = {}) {
    my $threads = $load->{threads} // 1;
    return $self->{routers}{$threads}{$name} //= $self->_start($name, $threads);
}

# All of them.
sub _routers ($self) { return map { my $of = $_; map { [ $_, $of->{$_} ] } sort keys %$of } values $self->{routers}->%* }

sub names ($self) { return $self->{only}->@* }
sub rate ($self) { return $self->{rate} }
sub complaints ($self) { return $self->{complaints}->@* }

sub _complain ($self, $text) { push $self->{complaints}->@*, "NOT CLEAN: $text" }

# Comes back when it has accepted a packet.
sub _start ($self, $name, $threads = 1) {
    my %options = (analyzers => $self->{analyzers}, tls => $self->{tls}, threads => $threads);
    if ($ack{$name}) {
        state $n = 0;
        %options = (%options, redis => $self->{redis}->url, pool => "$name$threads", node_id => 'n' . ++$n, node => [ '--ack', $ack{$name} ]);
        $options{bin_dir} = $self->{before} if $name eq 'before';
    }
    my $router = Bench::Routers::start($ack{$name} ? 'weir' : $name, \%options);
    if ($ack{$name} && !$self->{is_registered}{"$name$threads"}++) { Bench::Routers::register($router, $self->{analyzers}) }
    $router->{first_answer_s} = Bench::Routers::first_answer($router);
    return $router;
}

# ---- turns ----

sub _keep ($self, $shape, $name, %figures) {
    while (my ($figure, $value) = each %figures) { push $self->{figures}{$shape}{$name}{$figure}->@*, $value }
}

sub _turn ($self, $shape, $name, $seconds) {
    my $router = $self->_router($name, $load{$shape});
    my ($cpu, $redis) = ($router->{process}->cpu_us, $ack{$name} && $self->{redis}->usage);
    my $accepted = $ack{$name} && Bench::Routers::accepted($router);
    my $result = ($load{$shape}{streams} ? \&h2load : \&wrk)->(_port($router, $load{$shape}), seconds => $seconds, $load{$shape}->%*);
    my $n = max(1, $result->{requests});
    my %figures = (
        packets_per_s => $n / $result->{seconds},
        mb_per_s => $n * $result->{body_bytes} / $result->{seconds} / 1e6,
        cpu_us_per_packet => ($router->{process}->cpu_us - $cpu) / $n,
    );
    if ($redis) {
        my $now = $self->{redis}->usage;
        $figures{redis_calls_per_packet} = ($now->{calls} - $redis->{calls}) / $n;
        $figures{redis_cpu_us_per_packet} = ($now->{cpu_us} - $redis->{cpu_us}) / $n;
    }
    $self->_complain("$shape: $name answered $result->{errors} of $result->{requests} packets with an error or not at all")
        if $result->{errors};
    my $missing = $ack{$name} ? $result->{requests} - Bench::Routers::accepted($router) + $accepted : 0;
    $self->_complain("$shape: $name did not accept $missing of $result->{requests} packets") if $missing > 0; # a call of gRPC is 200 either way
    return %figures;
}

# Half of what HAProxy does at best, so that each contestant has room.
sub _latency_rate ($self) {
    my $rates = $self->{figures}{busy}{haproxy}{packets_per_s};
    $rates //= [ { $self->_turn(busy => 'haproxy', $self->{seconds}) }->{packets_per_s} ] if !$self->{rate};
    return $self->{rate} //= int(max(@$rates) / 2);
}

sub _latency_turn ($self, $shape, $name, $seconds) {
    my $report = paced_result(paced($self->_router($name)->{addr}, rate => $self->_latency_rate, duration => $seconds, connections => 64,
        messages => 5, bytes => 230, seed => 7), $seconds);
    $self->_complain("$shape: $name accepted only $report->{accepted}{packets} of $report->{sent}{packets} packets")
        if $report->{accepted}{packets} < $report->{sent}{packets};
    return map { ("${_}_us" => $report->{latency_us}{$_}) } qw(p50 p90 p99 p99_9);
}

# A process that has just started: how long that took, and what idle connections cost it.
sub _fresh_turn ($self, $shape, $name, $seconds) {
    my $router = $self->_start($name);
    my ($n, $before) = ($self->{connections}, $router->{process}->rss_bytes);
    my $idle = idle_connections($router->{addr}, $n);
    sleep 0.3; # for a process that answers first and tidies up then
    return (start_ms => $router->{first_answer_s} * 1000, bytes_per_connection => ($router->{process}->rss_bytes - $before) / $n);
}

my %turn = (latency => \&_latency_turn, fresh => \&_fresh_turn);

# Leases of analyzers are kept, as their heartbeats would.
sub _keep_registered ($self) {
    Bench::Routers::register($_->[1], $self->{analyzers}) for grep { $ack{ $_->[0] } } $self->_routers;
    Bench::Process::check_all();
}

sub _progress ($self, $text) { print STDERR "\r\e[K$text" if -t STDERR }

sub run ($self) {
    if (grep { $load{$_} } $self->{shapes}->@*) { $self->_turn(busy => $_, 1) for $self->names } # all are warm
    for my $shape ($self->{shapes}->@*) {
        for my $round (1 .. $self->{rounds}) {
            $self->_keep_registered;
            for my $name ($self->names) {
                next if $load{$shape} && !_port($self->_router($name, $load{$shape}), $load{$shape});
                next if $name eq 'floor' && ($load{$shape}{threads} // 1) > 1; # it has one thread
                $self->_progress("$shape $round/$self->{rounds} $name");
                my $turn = $turn{$shape} // \&_turn;
                my %figures = eval { $turn->($self, $shape, $name, $self->{seconds}) };
                $self->_complain("$shape: $name: $@") if !%figures; # the figures of all others are kept
                $self->_keep($shape, $name, %figures);
            }
        }
    }
    return $self->{figures};
}

1;
