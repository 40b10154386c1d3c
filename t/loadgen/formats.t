# weir-loadgen sends each format and each compression so that its agents would be taken for it: every message is
# counted, divided and delivered, and each is at one analyzer once.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Base qw(slurp);
use Weir::Cluster;
use Weir::Test;

alarm 600;
use constant PACKETS => 60;
my @formats = qw(json ndjson text form msgpack otlp-json otlp-proto loki loki-proto hec hec-raw bulk gelf journal kafkarest);
my @runs = ((map { [ $_, 'auto' ] } @formats), [ 'json', 'gzip' ], [ 'bulk', 'zlib' ], [ 'otlp-proto', 'gzip' ], [ 'loki-proto', 'gzip' ],
    [ 'ndjson', 'zstd' ], [ 'msgpack', 'snappy' ], [ 'form', 'zstd' ]);
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 3, a2 => 1 });
my $binary = ($ENV{WEIR_BIN} // "$Bin/../../build/bin") . '/weir-loadgen';
my %sent;

for my $i (0 .. $#runs) {
    my ($format, $compress) = $runs[$i]->@*;
    open my $out, '-|', $binary, '--json', '--rate', 0, '--count', PACKETS, '--messages', '1-9', '--id-prefix', "run$i", '--format', $format,
        '--compress', $compress, '--verify', $cluster->node(1)->{admin}, '--tolerance', 100, '--target',
        join(',', map { "http://$_->{ingest}" } $cluster->nodes) or die "$binary: $!";
    my $report = decode_json(do { local $/; <$out> });
    close $out;
    is($?, 0, "$format, $compress: all is accepted, delivered, and counted as it was sent");
    is($report->{verify}{routed}, $report->{sent}{messages}, "$format, $compress: by messages");
    $sent{"run$i"} = $report->{sent}{messages};
}

# What the analyzers have: packets of JSON by their own id, all others by the ids of their messages.
my (%n_seen, %times);
for my $line (map { split /\n/, slurp($_->[1]) } $cluster->{records}->@*) {
    if ($line =~ /^\{"id":"(run\d+)-\d+"/) {
        $n_seen{$1} += decode_json($line)->{messages}->@*;
        next;
    }
    $times{"$1-$2"}++ || $n_seen{$1}++ while $line =~ m{\b(run\d+)-(\d+/\d+)\b}g;
}
is_deeply(\%n_seen, \%sent, 'each message arrived');
is_deeply([ grep { $times{$_} > 1 } sort keys %times ], [], 'and each of them once');
done_testing;
