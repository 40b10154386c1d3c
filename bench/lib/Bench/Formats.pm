package Bench::Formats;

# What the agents of a format send, made by weir-loadgen: the same messages in each format.
#   request([ 'bulk', 'gzip' ], 5) -> {path, fields, body, bytes}
#   send_to($node, [ 'syslog', 'tcp' ], 5, '--count', 40) -> messages that were sent
use v5.36;
use Bench::Prepare;
use Bench::Process qw(folder slurp);
use IO::Socket::INET;
use JSON::PP qw(decode_json);

# What is measured: [format, compression].
sub kinds () {
    return ((map { [ $_, 'auto' ] } qw(json ndjson text msgpack otlp-json otlp-proto loki loki-proto hec hec-raw bulk gelf journal kafkarest form)),
        map { [ $_, 'gzip' ] } qw(json ndjson otlp-proto bulk));
}

# The listeners that are not HTTP: [format, scheme].
sub wires () { return ([qw(syslog tcp)], [qw(syslog udp)], [qw(gelf tcp)], [qw(gelf udp)], [qw(forward tcp)]) }

sub listen_options () { return map { ("--$_-listen", '127.0.0.1:0') } qw(syslog gelf forward) }

sub name ($kind) { return $kind->[1] eq 'auto' ? $kind->[0] : "$kind->[0] $kind->[1]" }

sub _read_request ($client) {
    my ($bytes, $length) = ('');
    until ($bytes =~ /\r\n\r\n/) { sysread $client, $bytes, 65536, length $bytes or die "weir-loadgen sent no request\n" }
    my ($head, $body) = $bytes =~ /\A(.*?\r\n)\r\n(.*)\z/s;
    ($length) = $head =~ /^Content-Length: (\d+)/m;
    while (length $body < $length) { sysread $client, $body, $length, length $body or die "weir-loadgen broke off\n" }
    return ($head, $body);
}

sub _load ($url, $format, $n_messages, @options) {
    return [ 'weir-loadgen', '--target', $url, '--seed', 7, '--bytes', 232, '--messages', $n_messages, '--id-prefix', 'p', '--format', $format, @options ];
}

sub request ($kind, $n_messages) {
    my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', Timeout => 30) or die "listen: $@\n";
    my $load = Bench::Process->start(_load('http://127.0.0.1:' . $server->sockport, $kind->[0], $n_messages,
        '--quiet', '--compress', $kind->[1], '--count', 1, '--connections', 1));
    my $client = $server->accept or die "weir-loadgen does not connect: " . $load->log;
    my ($head, $body) = _read_request($client);
    syswrite $client, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    $load->end;
    my ($path) = $head =~ m{^POST (\S+) };
    my %fields = map { /^(Content-(?:Type|Encoding)): (.*)\r$/ ? ($1 => $2) : () } split /\n/, $head;
    return { path => $path, fields => \%fields, body => $body, bytes => "$head\r\n$body" };
}

# Without a pause, to a listener of a node. Those of UDP may be lost.
sub send_to ($node, $wire, $n_messages, @options) {
    my ($format, $scheme) = @$wire;
    my $out = folder . '/wire.out';
    my $addr = $node->{process}->wait_log(qr/component=listen msg=listening .*listener=$format addr=(\S+)/);
    my $load = Bench::Process->start(_load("$scheme://$addr", $format, $n_messages, '--json', '--rate', 0, @options), stdout => $out);
    $load->wait_end(120) == 0 or die 'weir-loadgen: ' . $load->log . slurp($out);
    return decode_json(slurp($out))->{sent}{messages};
}

1;
