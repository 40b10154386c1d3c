package Bench::Load;

# The load that every contestant gets, and what came of it.
use v5.36;
use Bench::Prepare;
use Bench::Process qw(folder slurp);
use Exporter qw(import);
use JSON::PP qw(decode_json);

our @EXPORT_OK = qw(h2load idle_connections paced paced_result wrk wrk_ended wrk_started);

my $lua = Bench::Prepare::checkout() . '/bench/lib/post.lua';
my $idle = Bench::Prepare::checkout() . '/bench/lib/idle.pl';

# As fast as answers come: {requests, seconds, body_bytes, errors}.
sub wrk ($addr, %options) {
    my $load = wrk_started($addr, %options);
    return wrk_result($load, $load->{process}->wait_end($options{seconds} + 30));
}

# The same for whoever does something meanwhile. wrk_ended: before its time.
sub wrk_started ($addr, %options) {
    my $out = folder . '/wrk.out';
    return { out => $out, process => Bench::Process->start([ 'wrk', '-t', 1, '-c', $options{connections}, '-d', "$options{seconds}s", '--timeout', '10s',
        '-s', $lua, ($options{tls} ? 'https' : 'http') . "://$addr" . ($options{path} // '/ingest'), '--', $options{body}->@* ], stdout => $out) };
}

sub wrk_ended ($load) {
    $load->{process}->signal('INT');
    return wrk_result($load, $load->{process}->wait_end(30));
}

sub wrk_result ($load, $status) {
    my $text = slurp($load->{out});
    my ($values) = $text =~ /^result (.*)/m or die "wrk (status $status): " . $load->{process}->log . $text;
    my %result;
    @result{qw(requests us body_bytes errors)} = split ' ', $values;
    return { %result, seconds => $result{us} / 1e6 };
}

# One packet of JSON with this many bytes and messages; or of OTLP, as the message of a call.
sub packet ($bytes, $n_messages) {
    my $text = 'x' x ($bytes / $n_messages - 11);
    return '{"messages":[' . join(',', map { qq({"msg":"$text"}) } 1 .. $n_messages) . ']}';
}

# Lengths of protobuf have their low bits first: each of these has one or two bytes.
sub varint ($n) { return $n < 128 ? chr $n : chr($n & 127 | 128) . chr($n >> 7) }
sub part ($number, $bytes) { return chr($number << 3 | 2) . varint(length $bytes) . $bytes }

sub call ($bytes, $n_messages) {
    my $record = part(2, part(5, part(1, 'x' x ($bytes / $n_messages - 11))));
    my $message = part(1, part(2, $record x $n_messages));
    return pack('CN', 0, length $message) . $message;
}

# The same over HTTP/2, whose streams share the connections.
sub h2load ($addr, %options) {
    my ($out, $body) = (folder . '/h2load.out', $options{is_call} ? call($options{body}->@*) : packet($options{body}->@*));
    my ($path, @fields) = $options{is_call} ? ('/opentelemetry.proto.collector.logs.v1.LogsService/Export', '-H', 'content-type: application/grpc', '-H', 'te: trailers') : ('/ingest');
    open my $file, '>', folder . '/h2load.body' or die "h2load.body: $!\n";
    binmode $file;
    print $file $body;
    close $file;
    my $load = Bench::Process->start([ 'h2load', '-t', 1, '-c', $options{connections}, '-m', $options{streams}, '-D', $options{seconds}, '--warm-up-time', 0,
        '-d', folder . '/h2load.body', @fields, "http://$addr$path" ], stdout => $out);
    my $status = $load->wait_end($options{seconds} + 30);
    my ($seconds) = slurp($out) =~ /^finished in ([\d.]+)s/m or die "h2load (status $status): " . $load->log . slurp($out);
    my ($done, $failed) = slurp($out) =~ /^requests: .* (\d+) done, .* (\d+) failed/m;
    return { requests => $done, seconds => $seconds, body_bytes => length $body, errors => $failed };
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
