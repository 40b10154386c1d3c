package Weir::Test;

# What the tests in t/ share. Programs are those in build/bin, or in WEIR_BIN.
#
#   my $redis = Weir::Redis->new;
#   my $node = Weir::Process->start([ 'weir-node', '--redis', $redis->url, '--listen', '127.0.0.1:0' ]);
#   my $answer = http(POST => "http://$addr/ingest", { messages => [1] });    # {status, headers, content, json}
#   wait_until { ... } 5, 'the node to hear of it';                           # dies when it never does
#   my $run = run('weirctl', 'status', '--json');                             # {status, stdout, stderr, json}
use v5.36;
use Exporter qw(import);
use HTTP::Tiny;
use JSON::PP;
use Weir::Base qw(bin_dir folder free_port program_path slurp until_true);

our @EXPORT = qw(folder free_port http http_request metrics redis_server run slurp wait_until);
our @EXPORT_OK = qw(bin_dir program_path);

# What the block returns once that is true. Dies when it stays false for too long (Weir::Base), or when a process died.
sub wait_until : prototype(&$$) ($check, $seconds, $what) {
    return until_true($seconds, sub {
        my $result = $check->();
        return $result if $result;
        Weir::Process::check_all() or die "a process died while waiting for: $what\n";
        return 0;
    }) // die "waited too long for: $what\n" . Weir::Process::tails();
}

# Body: text, or a reference, which goes as JSON.
sub http ($method, $url, $body = undef, %headers) {
    state $client = HTTP::Tiny->new(timeout => 60);
    my %options = (headers => \%headers);
    if (defined $body) {
        $headers{'Content-Type'} //= 'application/json';
        $options{content} = ref $body ? encode_json($body) : $body;
    }
    my $response = $client->request($method, $url, \%options);
    $response->{json} = eval { decode_json($response->{content}) };
    return $response;
}

sub http_request (@request) { return http(@request) }
sub redis_server () { return Weir::Redis->new }

# Of a node: 'name{label="value"}' -> value, and name -> value, the sum over its labels.
sub metrics ($node) {
    my $response = http(GET => "$node->{admin}/metrics");
    die "metrics: $response->{status} $response->{content}\n" if $response->{status} != 200;
    my %values;
    while ($response->{content} =~ /^([a-z]\w*)(\{.*\})? (\S+)$/mg) {
        $values{"$1$2"} = $3 if defined $2;
        $values{$1} += $3;
    }
    return \%values;
}

# Runs one of our programs to its end.
sub run ($program, @arguments) {
    state $n = 0;
    my $out = sprintf '%s/run.%d', folder, ++$n;
    my $process = Weir::Process->start([ $program, @arguments ], stdout => $out);
    my $status = $process->wait_end(60) // die "$program @arguments does not end\n";
    my $stdout = slurp($out);
    return { status => $status, stdout => $stdout, stderr => $process->log, json => scalar eval { decode_json($stdout) } };
}

require Weir::Process;
require Weir::Redis;

1;
