# Every message of every format arrives once by GELF over UDP, TCP, TLS and HTTP, with its level, time, host and fields.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
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
done_testing;
