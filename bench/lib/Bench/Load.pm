package Bench::Load;

# The load that every contestant gets, and what came of it.
use v5.36;
use Bench::Prepare;
use Bench::Process qw(folder slurp);
use Exporter qw(import);
use JSON::PP qw(decode_json);

our @EXPORT_OK = qw(idle_connections paced paced_result wrk);

my $lua = Bench::Prepare::checkout() . '/bench/lib/post.lua';
my $idle = Bench::Prepare::checkout() . '/bench/lib/idle.pl';

# As fast as answers come: {requests, seconds, body_bytes, errors}.
sub wrk ($addr, %options) {
    my $out = folder . '/wrk.out';
    my $wrk = Bench::Process->start([ 'wrk', '-t', 1, '-c', $options{connections}, '-d', "$options{seconds}s", '--timeout', '10s',
        '-s', $lua, ($options{tls} ? 'https' : 'http') . "://$addr" . ($options{path} // '/ingest'), '--', $options{body}->@* ], stdout => $out);
    my $status = $wrk->wait_end($options{seconds} + 30);
    my ($values) = slurp($out) =~ /^result (.*)/m or die "wrk (status $status): " . $wrk->log . slurp($out);
    my %result;
    @result{qw(requests us body_bytes errors)} = split ' ', $values;
    return { %result, seconds => $result{us} / 1e6 };
}

# Packets that become due on a schedule, whatever the answers do: latency counts from when each was due.
sub paced ($addr, %options) {
    my $out = folder . '/loadgen.out';
    my @targets = ref $addr ? @$addr : $addr;
    my $load = Bench::Process->start([ 'weir-loadgen', '--json', '--target', join(',', map { "http://$_/ingest" } @targets),
        map { ("--$_" => $options{$_}) } sort keys %options ], stdout => $out);
    return { process => $load, out => $out };
}

sub paced_result ($load, $seconds) {
    $load->{process}->wait_end($seconds + 30);
    return eval { decode_json(slurp($load->{out})) } // die 'weir-loadgen: ' . $load->{process}->log;
}

# Opens $n connections, each of which has sent a packet. They stay until the guard goes.
sub idle_connections ($addr, $n) {
    my $process = Bench::Process->start([ $^X, $idle, $addr, $n ], name => 'idle connections');
    $process->wait_log(qr/^(open \d+)/m, 60);
    return $process;
}

1;
