package Bench::Accuracy;

# One contestant as several instances, three analyzers that count, and how far these are from their shares:
# the greatest of |messages of i - share of i * messages of all|, looked at many times a second. What is
# under way at that moment counts as not there yet.
use v5.36;
use Bench::Load qw(paced paced_result);
use Bench::Prepare;
use Bench::Process qw(folder);
use Bench::Redis;
use Bench::Routers;
use HTTP::Tiny;
use List::Util qw(max sum0 uniq);
use Time::HiRes qw(sleep time);

use constant LOOK_SECONDS => 0.05;

my @weights = (50, 30, 20);
my @contestants = qw(weir haproxy nginx);
my %color = (weir => '#0a7f3f', haproxy => '#c2410c', nginx => '#1d4ed8');
my %title = (weir => 'Weir', haproxy => 'HAProxy', nginx => 'nginx');

sub contestants () { return @contestants }

sub _start ($name, $n, $analyzers) {
    die "there is no contestant '$name'\n" if !grep { $_ eq $name } @contestants;
    return { routers => [ map { Bench::Routers::start($name, { analyzers => $analyzers }) } 1 .. $n ] } if $name ne 'weir';
    my $redis = Bench::Redis->start;
    my @nodes = map { Bench::Routers::start(weir => { redis => $redis->url, pool => 'bench', node_id => "n$_" }) } 1 .. $n;
    Bench::Routers::register($nodes[0], $analyzers);
    Bench::Routers::wait_known($_, scalar @$analyzers) for @nodes;
    return { routers => \@nodes, redis => $redis };
}

# Messages of all analyzers, and how far the worst of them is off.
sub _look ($http, $addr) {
    my $answer = $http->get("http://$addr/stats");
    die "analyzers: $answer->{status} $answer->{content}\n" if !$answer->{success};
    my @got = map { (split ' ')[1] } split /\n/, $answer->{content};
    my $all = sum0 @got;
    return ($all, max map { abs($got[$_] - $all * $weights[$_] / sum0 @weights) } 0 .. $#got);
}

# Options: instances, sizes, rate, seconds. {samples => [[seconds, messages, off], ...], figures}
sub measure ($name, %options) {
    my $sink = Bench::Process->start([ 'weir-bench-sink', '--count', '--listeners', scalar @weights ]);
    $sink->wait_log(qr/((?:.*addr=.*\n){3})/);
    my @addrs = $sink->log =~ /addr=(\S+)/g;
    my $cluster = _start($name, $options{instances}, [ map { [ $addrs[$_], $weights[$_] ] } 0 .. $#weights ]);
    my $load = paced([ map { $_->{addr} } $cluster->{routers}->@* ], rate => $options{rate}, duration => $options{seconds},
        messages => $options{sizes}, bytes => 60, seed => 7, connections => max(32, 4 * $options{instances}));
    my ($http, $since, @samples) = (HTTP::Tiny->new(timeout => 10), time);
    while ((my $now = time - $since) < $options{seconds}) {
        my ($all, $off) = _look($http, $addrs[0]);
        push @samples, [ map { sprintf '%.3f', $_ } $now, $all, $off ] if $all;
        sleep LOOK_SECONDS;
    }
    my $report = paced_result($load, $options{seconds});
    die "$name accepted only $report->{accepted}{packets} of $report->{sent}{packets} packets\n"
        if $report->{accepted}{packets} < $report->{sent}{packets};
    my ($all, $last) = _look($http, $addrs[0]);
    die "$name delivered $all of $report->{accepted}{messages} messages\n" if $all != $report->{accepted}{messages};
    return { samples => \@samples, figures => { messages => $all, worst => max($last, map { $_->[2] } @samples), last => $last,
        last_percent => 100 * $last / $all } };
}

# Of the fewest and the most instances, a panel for each kind of packets.
sub plot ($csv, $svg) {
    open my $file, '<', $csv or die "$csv: $!\n";
    my @lines = map { chomp; [ split /,/ ] } <$file>;
    shift @lines;
    my @sizes = uniq map { $_->[0] } @lines;
    my @instances = sort { $a <=> $b } uniq map { $_->[1] } @lines;
    my @shown = uniq @instances[ 0, -1 ];
    my ($width, $n) = (460 * @sizes, scalar @sizes);
    my $script = <<~"END";
        set terminal svg size $width,380 font 'sans-serif,12' background '#ffffff'
        set output '$svg'
        set multiplot layout 1,$n
        set datafile separator ','
        set logscale y
        set yrange [0.5:*]
        set grid ytics lc rgb '#e5e7eb'
        set border 3 lc rgb '#6b7280'
        set tics nomirror
        set key outside below horizontal samplen 2
        set xlabel 'messages sent'
        set format x '%.0s%c'
        set ylabel 'messages off, worst analyzer'
        END
    for my $sizes (@sizes) {
        my @plots;
        for my $name (@contestants) {
            for my $i (@shown) {
                next if !grep { $_->[0] eq $sizes && $_->[1] == $i && $_->[2] eq $name } @lines;
                my $is_many = $i == $shown[-1];
                push @plots, sprintf q('< grep "^%s,%d,%s," %s' using 5:($6 < 0.5 ? 0.5 : $6) with lines lw %s dt %d lc rgb '%s' title '%s x %d'),
                    $sizes, $i, $name, $csv, $is_many ? 2 : 1.5, $is_many ? 1 : 2, $color{$name}, $title{$name}, $i;
            }
        }
        my $what = $sizes =~ /pareto:[\d.]+:(\d+)/ ? "1 to $1 messages in a packet, heavy tail" : "$sizes messages in a packet";
        $script .= "set title '$what'\nplot " . join(', ', @plots) . "\n";
    }
    open my $gnuplot, '|-', 'gnuplot' or die "gnuplot: $!\n";
    print $gnuplot $script;
    close $gnuplot or die "gnuplot failed\n";
}

1;
