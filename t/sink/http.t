# Sinks that acknowledge: what they refuse for now is tried again, and every message arrives once. Files are rotated.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;
use Weir::SinkTest;
use Weir::Test;

alarm 300;
my $sent = messages(n_messages);
my $headers = folder . '/headers';
open my $file, '>', $headers or die "$headers: $!";
print $file "# of the sink\nAuthorization: Basic c2VjcmV0\n";
close $file;

for my $case ([ 'es', 'es', '/logs' ], [ 'loki', 'loki', '' ], [ 'otlp', 'otlp', '' ], [ 'lines', '', '/in' ], [ 'gelf-http', 'gelf', '' ]) {
    my ($kind, $scheme, $path) = @$case;
    my $receiver = receiver($kind, '--token', 'Basic c2VjcmV0', $kind eq 'gelf-http' ? () : '--busy');
    my $url = ($scheme ? "$scheme+" : '') . "http://127.0.0.1:$receiver->{port}$path";
    my $analyzer = sink_analyzer($url, '--sink-header-file', $headers);
    deliver($analyzer, $sent);
    my $got = arrived($sent, $receiver->{file});
    is($got->{missing}, 0, "$kind: every message arrives");
    is($got->{twice}, 0, 'once');
    is_deeply([ @{ $got->{wrong} }, @{ $got->{errors} } ], [], 'as it has to be');
    is($analyzer->stats->{sink}{sent}, $sent->{n}, 'all are counted as sent');
    cmp_ok($analyzer->stats->{sink}{retried}, '>', 0, 'and what was refused for now as tried again') if $kind ne 'gelf-http';
    is_deeply(decode_json($analyzer->get('/status')->{content})->{sink}, $analyzer->stats->{sink}, 'the status has the same') if $kind eq 'es';
    unlike($analyzer->process->log, qr/c2VjcmV0/, 'the password is not in the log');
}

subtest 'a packet that was delivered twice is indexed once' => sub {
    my $receiver = receiver('es');
    my $analyzer = sink_analyzer("es+http://127.0.0.1:$receiver->{port}/logs", '--dedupe-window', 0);
    for (1 .. 2) { is($analyzer->post('/ingest', '{"id":"p1","messages":["message-0",{"msg":"b"}]}', 'Weir-Node' => 'n1', 'Weir-Pool' => 'default')->{status}, 200, 'taken') }
    is(scalar(() = slurp($receiver->{file}) =~ /"text"/g), 2, 'two messages are there');
};

subtest 'a document is refused with a NUL in the reason, and its neighbours are taken' => sub {
    my $receiver = receiver('es');
    my $analyzer = sink_analyzer("es+http://127.0.0.1:$receiver->{port}/logs", '--sink-timeout', '2s');
    is($analyzer->post('/ingest', '["message-1","poison","message-2"]', 'Weir-Node' => 'n1', 'Weir-Pool' => 'default')->{status}, 422, 'refused for good');
    is_deeply([ slurp($receiver->{file}) =~ /"text": "([^"]*)"/g ], [ 'message-1', 'message-2' ], 'once');
};

subtest 'what a sink will never take becomes a dead letter, what it does not take now stays with Weir' => sub {
    my $port = free_port;
    my $analyzer = sink_analyzer("http://127.0.0.1:$port/", '--sink-timeout', '500ms');
    my $answer = $analyzer->post('/ingest', '["x"]');
    is("$answer->{status} $answer->{headers}{'retry-after'}", '503 1', 'no server: come again');
    is(decode_json($answer->{content})->{code}, 'sink', 'the reason is told');
    my $receiver = receiver('otlp'); # it answers 400 at another path
    $analyzer = sink_analyzer("http://127.0.0.1:$receiver->{port}/");
    is($analyzer->post('/ingest', '["x"]')->{status}, 422, '400 of the sink: never');
    is(decode_json($analyzer->get('/stats')->{content})->{sink}{sent}, 0, 'nothing counts as sent');
};

subtest 'a file is rotated by size and kept by count' => sub {
    my ($path, $few) = (folder . '/out.log', messages(700)); # more deliveries than files
    my $analyzer = sink_analyzer("file:$path", '--sink-file-max', '20KiB', '--sink-file-count', 3);
    deliver($analyzer, $few);
    my @files = glob "$path*";
    is(scalar @files, 3, 'as many files as are kept');
    my @lines = map { split /\n/, slurp($_) } @files;
    is(scalar(grep { !eval { decode_json($_)->{_analyzer} eq 'a1' } } @lines), 0, 'whole lines of JSON alone');
    like($lines[-1] . slurp($path), qr/message-699\b/, 'the last message is in them');
};

subtest 'whole packets go to packets+http' => sub {
    my $server = receiver('lines');
    my $analyzer = sink_analyzer("packets+http://127.0.0.1:$server->{port}/");
    $analyzer->post('/ingest', '{"id":"p1","messages":["a","b"],"_analyzer":"a1","_node":"n1","_pool":"default","msg":"whole"}');
    like(slurp($server->{file}), qr/"text": "whole"/, 'in one line');
};
done_testing;
