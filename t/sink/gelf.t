# Every message of every format arrives once by GELF over UDP, TCP, TLS and HTTP, with its level, time, host and fields.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::SinkTest;
use Weir::Test;

alarm 300;
my $sent = messages(n_messages);
my ($cert, $key) = certificate;

for my $case ([ 'gelf-udp', 'udp' ], [ 'gelf-tcp', 'tcp' ], [ 'gelf-tls', 'tls' ], [ 'gelf-http', 'http' ]) {
    my ($kind, $scheme) = @$case;
    my $receiver = receiver($kind, $scheme eq 'tls' ? ('--cert', $cert, '--key', $key) : ());
    my $analyzer = sink_analyzer("gelf+$scheme://127.0.0.1:$receiver->{port}", $scheme eq 'tls' ? ('--sink-ca', $cert) : ());
    deliver($analyzer, $sent);
    my $got = wait_arrived($sent, 10, $receiver->{file});
    is($got->{missing}, 0, "$scheme: every message arrives");
    is($got->{twice}, 0, 'once');
    is_deeply($got->{wrong}, [], 'with its level, time, host and fields');
    is_deeply($got->{errors}, [], 'and as GELF wants it');
    is($analyzer->stats->{sink}{sent}, $sent->{n}, 'all are counted as sent');
}

subtest 'what would take longer than --sink-timeout at the pace of UDP is refused, and nothing of it goes out' => sub {
    my $receiver = receiver('gelf-udp');
    my $analyzer = sink_analyzer("gelf+udp://127.0.0.1:$receiver->{port}", '--sink-udp-rate', 100, '--sink-timeout', '500ms');
    my $post = sub ($n) { return $analyzer->post('/ingest', '[' . join(',', map { qq("message-$_") } 1 .. $n) . ']', 'Weir-Node' => 'n1', 'Weir-Pool' => 'default')->{status} };
    my $start = time;
    is($post->(1000), 413, 'it is to come in smaller ones');
    cmp_ok(time - $start, '<', 10, 'sooner than 1000 datagrams take');
    is($post->(3), 200, 'fewer are taken');
    wait_until { slurp($receiver->{file}) =~ /message-3/ } 20, 'the last one';
    is_deeply([ slurp($receiver->{file}) =~ /"text": "([^"]*)"/g ], [ map { "message-$_" } 1 .. 3 ], 'and they alone arrive');
};
done_testing;
