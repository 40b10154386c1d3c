package Bench::Verdict;

# The table of a contest: medians, ratios round by round, and whether the targets are met.
use v5.36;
use Bench::Stats qw(digits median ratios table);
use Exporter qw(import);
use List::Util qw(all);

our @EXPORT_OK = qw(comparison);

my @contestants = ([ floor => 'floor' ], [ haproxy => 'HAProxy' ], [ nginx => 'nginx' ], [ weir => 'Weir' ], [ received => 'received' ], [ before => 'before' ]);
my @rivals = qw(haproxy nginx floor before);
my %title = map { @$_ } @contestants;
my @shapes = (
    [ busy => '64 x 1.2 KB' ], [ few => '4 x 1.2 KB' ], [ many => '512 x 1.2 KB' ], [ small => '64 x 100 B' ],
    [ large => '64 x 64 KB' ], [ heavy => '4 x 64 KB' ], [ huge => '4 x 1 MB' ], [ mixed => '64 x mixed' ], [ tls => '64 x 1.2 KB, TLS' ],
    [ h2 => '4 x 16 streams, HTTP/2' ], [ grpc => '4 x 16 streams, gRPC' ], [ two => '64 x 1.2 KB, 2 threads' ], [ latency => 'half rate' ], [ fresh => 'fresh' ],
);
my @figures = (
    [ packets_per_s => 'packets/s' ], [ mb_per_s => 'MB/s' ], [ cpu_us_per_packet => 'CPU us/packet' ],
    [ redis_calls_per_packet => 'Redis calls/packet' ], [ redis_cpu_us_per_packet => 'Redis CPU us/packet' ],
    [ p50_us => 'p50 us' ], [ p90_us => 'p90 us' ], [ p99_us => 'p99 us' ], [ p99_9_us => 'p99.9 us' ],
    [ start_ms => 'start ms' ], [ bytes_per_connection => 'bytes/connection' ],
);

# shape, figure, of Weir: in ratio to a rival, or by itself; at least or at most.
my @targets = (
    [ 'busy', 'packets_per_s', 'haproxy', '>=', 2.5 ],
    [ 'busy', 'packets_per_s', 'nginx', '>=', 2.0 ],
    [ 'busy', 'packets_per_s', 'floor', '>=', 0.80 ],
    [ 'busy', 'cpu_us_per_packet', 'haproxy', '<=', 0.5 ],
    [ 'busy', 'redis_calls_per_packet', undef, '<=', 0.01 ],
    [ 'few', 'packets_per_s', 'haproxy', '>=', 1.2 ],
    [ 'many', 'packets_per_s', 'haproxy', '>=', 3.0 ],
    [ 'many', 'packets_per_s', 'nginx', '>=', 2.0 ],
    [ 'small', 'packets_per_s', 'haproxy', '>=', 1.8 ],
    [ 'large', 'packets_per_s', 'haproxy', '>=', 2.0 ],
    [ 'large', 'packets_per_s', 'nginx', '>=', 2.0 ],
    [ 'heavy', 'packets_per_s', 'haproxy', '>=', 1.3 ],
    [ 'huge', 'packets_per_s', 'haproxy', '>=', 1.3 ],
    [ 'tls', 'packets_per_s', 'haproxy', '>=', 1.5 ],
    [ 'h2', 'packets_per_s', 'haproxy', '>=', 2.5 ],
    [ 'two', 'packets_per_s', 'haproxy', '>=', 2.0 ],
    [ 'latency', 'p99_us', 'haproxy', '<=', 0.5 ],
    [ 'fresh', 'bytes_per_connection', undef, '<=', 600 ],
);

sub _is_met ($value, $target) {
    return undef if !defined $value;
    return $target->[3] eq '>=' ? $value >= $target->[4] : $value <= $target->[4];
}

# One line of the table, as data.
sub _compare ($shape, $figure, $of) {
    my %line = (shape => $shape, figure => $figure);
    $line{median}{$_} = median(($of->{$_}{$figure} // [])->@*) for keys %title;
    $line{ratio}{$_} = $figure eq 'mb_per_s' ? undef : ratios($of->{weir}{$figure}, $of->{$_}{$figure}) for @rivals;
    for my $target (grep { $_->[0] eq $shape && $_->[1] eq $figure } @targets) {
        my $value = $target->[2] ? ($line{ratio}{ $target->[2] } // {})->{median} : $line{median}{weir};
        push $line{targets}->@*, { against => $target->[2], relation => $target->[3], value => $target->[4],
            is_met => _is_met($value, $target) };
    }
    return \%line;
}

sub _ratio_cell ($ratio) { return $ratio ? sprintf '%.2f  %.2f..%.2f', $ratio->@{qw(median min max)} : '' }

sub _target_cells ($line) {
    my @targets = ($line->{targets} // [])->@* or return ('', '');
    my $text = join ', ', map { ($_->{against} ? "$title{ $_->{against} } " : '') . "$_->{relation} $_->{value}" } @targets;
    return ($text, '?') if !all { defined $_->{is_met} } @targets;
    my @missed = map { $_->{against} ? $title{ $_->{against} } : 'Weir' } grep { !$_->{is_met} } @targets;
    return ($text, @missed ? 'NOT MET: ' . join ', ', @missed : 'met');
}

# The table as text, and its lines as data.
sub comparison ($figures) {
    my @lines;
    my $is_there = sub ($name) { return $name ne 'before' || grep { $_->{before} } values %$figures };
    my @shown = grep { $is_there->($_) } map { $_->[0] } @contestants;
    my @against = grep { $is_there->($_) } @rivals;
    my @rows = [ 'connections', 'figure', @title{@shown}, (map { "Weir/$title{$_}" } @against), 'target', '' ];
    for (grep { $figures->{ $_->[0] } } @shapes) {
        my ($shape, $shape_title) = @$_;
        for (@figures) {
            my ($figure, $figure_title) = @$_;
            my $line = _compare($shape, $figure, $figures->{$shape});
            next if !grep { defined } values $line->{median}->%*;
            push @lines, $line;
            push @rows, [ $shape_title, $figure_title, (map { digits($line->{median}{$_}) } @shown),
                (map { _ratio_cell($line->{ratio}{$_}) } @against), _target_cells($line) ];
        }
    }
    return (table(@rows), \@lines);
}

1;
