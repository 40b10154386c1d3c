package Bench::Formats;

# Requests as the agents of a format send them, made by weir-loadgen: the same messages in each format.
#   request('bulk', 'gzip', 5) -> {head, body, path, fields}
use v5.36;
use Bench::Prepare;
use Bench::Process;
use IO::Socket::INET;

# What is measured: [format, compression].
sub kinds () {
    return ((map { [ $_, 'auto' ] } qw(json ndjson text msgpack otlp-json otlp-proto loki loki-proto hec hec-raw bulk gelf journal kafkarest form)),
        map { [ $_, 'gzip' ] } qw(json ndjson otlp-proto bulk));
}

sub name ($kind) { return $kind->[1] eq 'auto' ? $kind->[0] : "$kind->[0] $kind->[1]" }

sub _read_request ($client) {
    my ($bytes, $length) = ('');
    until ($bytes =~ /\r\n\r\n/) { sysread $client, $bytes, 65536, length $bytes or die "weir-loadgen sent no request\n" }
    my ($head, $body) = $bytes =~ /\A(.*?\r\n)\r\n(.*)\z/s;
    ($length) = $head =~ /^Content-Length: (\d+)/m;
    while (length $body < $length) { sysread $client, $body, $length, length $body or die "weir-loadgen broke off\n" }
    return ($head, $body);
}

sub request ($kind, $n_messages) {
    my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $@\n";
    my $load = Bench::Process->start([ 'weir-loadgen', '--quiet', '--target', 'http://127.0.0.1:' . $server->sockport, '--count', 1, '--seed', 7,
        '--bytes', 232, '--messages', $n_messages, '--id-prefix', 'p', '--format', $kind->[0], '--compress', $kind->[1], '--connections', 1 ]);
    my $client = $server->accept or die "accept: $!\n";
    my ($head, $body) = _read_request($client);
    syswrite $client, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    $load->end;
    my ($path) = $head =~ m{^POST (\S+) };
    my %fields = map { /^(Content-(?:Type|Encoding)): (.*)\r$/ ? ($1 => $2) : () } split /\n/, $head;
    return { path => $path, fields => \%fields, body => $body, bytes => "$head\r\n$body" };
}

1;
