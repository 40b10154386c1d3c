# The benchmarks run, end by themselves, leave nothing behind and write down what they say.
use v5.36;
use FindBin qw($Bin);
use File::Temp;
use JSON::PP qw(decode_json);
use Test::More;

alarm 1500;
my @missing = grep { system("command -v $_ >/dev/null") } qw(wrk haproxy nginx gnuplot redis-server);
plan skip_all => "not installed: @missing" if @missing;
my $dir = File::Temp->newdir;
$ENV{WEIR_BIN} //= "$Bin/../../build/bin";
$ENV{TMPDIR} = "$dir";

sub slurp ($path) { open my $file, '<', $path or return ''; local $/; return <$file> }

# What it prints.
sub bench ($program, @options) {
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) { open STDERR, '>&', \*STDOUT; exec 'setpriv', '--pdeathsig', 'TERM', "$Bin/../../bench/$program", @options or die "$program: $!" }
    my $text = do { local $/; <$out> };
    close $out;
    is($?, 0, "bench/$program ends well") or diag($text);
    return $text;
}

{
    my $text = bench('run', '--rounds', 1, '--seconds', 1, '--shapes', 'busy,grpc,two,latency', '--only', 'haproxy,weir', '--json', "$dir/run.json");
    my $result = decode_json(slurp("$dir/run.json"));
    like($text, qr/^64 x 1\.2 KB +packets\/s .*HAProxy >= 2\.5, nginx >= 2, floor >= 0\.8/m, 'the table has figures and targets');
    cmp_ok($result->{figures}{busy}{$_}{packets_per_s}[0], '>', 0, "$_ carried packets") for qw(haproxy weir);
    cmp_ok($result->{figures}{grpc}{$_}{packets_per_s}[0], '>', 0, "and calls: $_") for qw(haproxy weir);
    cmp_ok($result->{figures}{two}{$_}{packets_per_s}[0], '>', 0, "with two threads, too: $_") for qw(haproxy weir);
    cmp_ok($result->{figures}{latency}{$_}{p99_us}[0], '>', 0, "and took its time: $_") for qw(haproxy weir);
    my ($line) = grep { $_->{shape} eq 'busy' && $_->{figure} eq 'redis_calls_per_packet' } $result->{comparison}->@*;
    ok($line->{targets}[0]{is_met}, 'a target is judged');
    ok($result->{machine}{cores} && $result->{versions}{haproxy} && $result->{date}, 'with machine, versions and date');
}
{
    my $text = bench('run', '--rounds', 1, '--shapes', 'fresh', '--connections', 50, '--before', $ENV{WEIR_BIN}, '--json', "$dir/fresh.json");
    my $fresh = decode_json(slurp("$dir/fresh.json"))->{figures}{fresh};
    is_deeply([ sort keys %$fresh ], [qw(before floor haproxy nginx received weir)], 'all contestants start, and another build');
    like($text, qr{^connections +figure .* before .*Weir/before}m, 'with which this one is compared');
    ok($fresh->{weir}{start_ms}[0] > 0 && defined $fresh->{nginx}{bytes_per_connection}[0], 'and are looked at');
}
{
    my $text = bench('scale', '--workers', '1,3', '--analyzers', 3, '--sizes', '1-9', '--rate', '20,200', '--seconds', 0.5, '--warm', 0.2, '--rounds', 1,
        '--json', "$dir/scale.json");
    my $result = decode_json(slurp("$dir/scale.json"));
    is_deeply([ map { "$_->{rate}/$_->{workers}" } $result->{swarm}->@* ], [qw(20/1 20/3 200/1 200/3)], 'a line for each rate and number of workers');
    ok($result->{swarm}[1]{redis_calls_per_s} > 0 && defined $result->{swarm}[1]{worst_deviation}, 'with calls and deviation');
    ok($result->{costs}[0]{settle_us} > 0 && $result->{costs}[0]{route_ns} > 0, 'one call and one packet have their price');
    like($text, qr/<= 45/, 'which is compared with the target');
}
{
    bench('accuracy', '--instances', 2, '--sizes', '1-9', '--rate', 500, '--seconds', 1, '--out', "$dir/accuracy");
    my $result = decode_json(slurp("$dir/accuracy/accuracy.json"));
    my %worst = map { $_->{contestant} => $_->{worst} } $result->{figures}->@*;
    is_deeply([ sort keys %worst ], [qw(haproxy nginx weir)], 'accuracy is measured for each');
    like(slurp("$dir/accuracy/accuracy.csv"), qr/^1-9,2,weir,\d/m, 'over time');
    like(slurp("$dir/accuracy/accuracy.svg"), qr/<svg .*<path/s, 'and drawn');
}
{
    my $text = bench('dashboards', '--rounds', 1, '--seconds', 1, '--analyzers', 3, '--nodes', 2, '--streams', 2, '--json', "$dir/dashboards.json");
    my $figures = decode_json(slurp("$dir/dashboards.json"))->{figures};
    ok($figures->{with}[0]{packets_per_s} > 0 && $figures->{without}[0]{cpu_us} > 0, 'dashboards are there, or not, while packets are carried');
    like($text, qr/^-?[\d.]+ % of the throughput is lost: median of 1 pairs/m, 'and what they cost is said');
}
{
    my $text = bench('slow', '--only', 'weir', '--before', 2, '--fault', 4, '--after', 1, '--out', "$dir/slow");
    my $result = decode_json(slurp("$dir/slow/slow.json"));
    my %rate = map { $_->{when} => $_->{packets_per_s} } $result->{figures}->@*;
    cmp_ok($rate{'the rest of the fault'}, '>', 0, 'packets are carried while one analyzer is slow and one hangs');
    like($text, qr/^weir +after /m, 'and after that');
    like(slurp("$dir/slow/slow.svg"), qr/<svg .*<path/s, 'which is drawn');
}
{
    my $text = bench('slow-analyzer', '--rounds', 1, '--seconds', 1, '--json', "$dir/slow.json");
    cmp_ok(decode_json(slurp("$dir/slow.json"))->{figures}{p99}, '>', 0, 'a slow analyzer is compared with one that is not');
    like($text, qr/^the longest lane is [\d.]+ times as long; target/m, 'by lanes too');
}
{
    my $text = bench('connections', '--connections', '1,2', '--delays', '1/50', '--seconds', 1, '--json', "$dir/connections.json");
    my $figures = decode_json(slurp("$dir/connections.json"))->{figures};
    is_deeply([ map { "$_->{connections}/$_->{ack_within}" } @$figures ], [qw(1/0 2/0 1/300ms 2/300ms)], 'each number of connections is measured with and without ack-within');
    is(scalar(grep { $_->{packets_per_s} > 0 && $_->{p99_ms} > 0 } @$figures), 4, 'packets come through in some time');
    like($text, qr/^1 of 3: 50 ms +300ms +\d/m, 'and the table says so');
}
{
    my $text = bench('formats', '--rounds', 1, '--seconds', 1, '--only', 'loki-proto,json-passed-on,forward-tcp', '--messages', 5, '--no-count', '--json', "$dir/formats.json");
    my $figures = decode_json(slurp("$dir/formats.json"))->{figures}{5};
    is_deeply([ map { $_->{name} } @$figures ], [ 'json', 'loki-proto', 'json gzip', 'json passed on', 'forward-tcp' ], 'formats and listeners are compared with JSON');
    is(scalar(grep { $_->{packets_per_s}[0] > 0 && $_->{cpu_us}[0] > 0 } @$figures), 5, 'all of them carry packets');
    like($text, qr/^loki-proto +\d+ /m, 'and the table says so');
}
SKIP: {
    skip 'perf takes no samples here', 4 if system('perf record -q -e cpu-clock -o /dev/null true >/dev/null 2>&1') != 0;
    my $text = bench('flame', '--shapes', 'busy,otlp', '--seconds', 1, '--out', "$dir/flame");
    like($text, qr/^otlp +\d+ packets .* writing JSON [1-9]/m, 'the parts of the time are told');
    like(slurp("$dir/flame/flame-$_.svg"), qr/<svg .*<title>[^<]*conn_read/s, "and drawn: $_") for qw(busy otlp);
}
is_deeply([ glob "$dir/weir-*" ], [], 'nothing is left behind');
done_testing;
