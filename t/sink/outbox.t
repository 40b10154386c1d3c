# Over UDP and TCP nobody acknowledges: with an outbox nothing is lost when the receiver is killed, nor when the analyzer is.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(sleep);
use Weir::SinkTest;
use Weir::Test;

alarm 300;
my $sent = messages(n_messages);

# Kills the receiver in the middle of the load, and starts another one on its port after the given seconds.
sub with_a_killed_receiver ($kind, $url, $seconds, @options) {
    my $receiver = receiver($kind);
    my $analyzer = sink_analyzer("$url://127.0.0.1:$receiver->{port}", '--sink-timeout', '2s', @options);
    my ($n, $half, $again) = (0, int(@{ $sent->{bodies} } / 2));
    my $revive = sub { $again = receiver($kind, '--port', $receiver->{port}) };
    deliver($analyzer, $sent, sub {
        return if ++$n != $half;
        $receiver->{process}->kill_now;
        if (!@options) { sleep $seconds; $revive->() }
    });
    if (@options) {
        sleep $seconds;
        cmp_ok($analyzer->stats->{sink}{outbox_messages}, '>', 0, "$url: what cannot be sent waits in the outbox");
        $revive->();
    }
    return (wait_arrived($sent, @options ? 20 : 0.2, $receiver->{file}, $again->{file}), $analyzer, $again);
}

my $away = $ENV{WEIR_SINK_AWAY} // 1; # seconds
for my $scheme (qw(udp tcp)) {
    # The receiver must live until the outbox is empty: a message stays there for a second after it went out.
    my ($got, $analyzer, $again) = with_a_killed_receiver("gelf-$scheme", "gelf+$scheme", $away, '--sink-outbox', folder . "/$scheme.outbox");
    is($got->{missing}, 0, "$scheme: the receiver is killed, and every message arrives");
    is_deeply([ @{ $got->{wrong} }, @{ $got->{errors} } ], [], 'as it was');
    wait_until { $analyzer->stats->{sink}{outbox_messages} == 0 } 10, 'the outbox to be empty';
    note("$scheme with an outbox: $got->{twice} messages came twice");
}

for my $case ([ 'gelf-http', 'gelf+http' ], [ 'lines', 'http' ]) {
    my ($got) = with_a_killed_receiver(@$case, $away);
    is($got->{missing}, 0, "$case->[1]: the receiver is killed, and every message arrives, for it acknowledges");
}

# Measured, and said in docs/sinks.md: how many depends on the machine, so nothing is claimed.
for my $scheme (qw(udp tcp)) {
    my ($got) = with_a_killed_receiver("gelf-$scheme", "gelf+$scheme", $away);
    note("$scheme without an outbox: $got->{missing} of $sent->{n} messages are lost, $got->{twice} came twice");
    is_deeply([ @{ $got->{wrong} }, @{ $got->{errors} } ], [], "$scheme: what arrives without an outbox is whole");
}

subtest 'an analyzer is killed with a full outbox' => sub {
    my $port = free_port;
    my @options = ("gelf+tcp://127.0.0.1:$port", '--sink-outbox', folder . '/killed.outbox', '--listen', '127.0.0.1:0');
    my $analyzer = sink_analyzer(@options);
    deliver($analyzer, $sent);
    is($analyzer->stats->{sink}{outbox_messages}, $sent->{n}, 'all of them wait');
    my $other = Weir::Process->start([ qw(weir-analyzer --id a2 --sink), @options ], name => 'other', may_end => 1);
    isnt($other->wait_end, 0, 'another analyzer does not get the same outbox');
    like($other->log, qr/outbox.*locked/, 'and says why');
    $analyzer->process->kill_now;
    my $receiver = receiver('gelf-tcp', '--port', $port);
    my $next = sink_analyzer(@options);
    my $got = wait_arrived($sent, 20, $receiver->{file});
    is($got->{missing}, 0, 'the next process sends every message');
    is($got->{twice}, 0, 'once');
    my @order = slurp($receiver->{file}) =~ /"text": "message-(\d+) /g;
    is_deeply(\@order, [ sort { $a <=> $b } @order ], 'in their order');
    wait_until { $next->stats->{sink}{outbox_messages} == 0 } 10, 'the outbox to be empty';
};

subtest 'a slow receiver gets what it can take in the time' => sub {
    my $receiver = receiver('gelf-tcp', '--slow');
    my $analyzer = sink_analyzer("gelf+tcp://127.0.0.1:$receiver->{port}", '--sink-outbox', folder . '/slow.outbox', '--sink-timeout', '500ms', '--sink-hold', '300ms');
    my $n = 150;
    is($analyzer->post('/ingest', '[' . join(',', map { qq("message-$_ ) . 'x' x 2000 . '"' } 1 .. $n) . ']', 'Weir-Node' => 'n1', 'Weir-Pool' => 'default')->{status}, 200, 'stored');
    wait_until { $analyzer->stats->{sink}{outbox_messages} == 0 } 60, 'the outbox to be empty';
    my %seen;
    wait_until { %seen = map { ($_ => 1) } slurp($receiver->{file}) =~ /"text": "(message-\d+) /g; keys %seen == $n } 60, 'all to be read';
    pass('the outbox empties, and every message arrives');
    unlike(slurp($receiver->{file}), qr/"error"/, 'whole');
};

subtest 'a full outbox refuses, and Weir keeps the packet' => sub {
    my $analyzer = sink_analyzer('gelf+tcp://127.0.0.1:' . free_port, '--sink-outbox', folder . '/small.outbox', '--sink-outbox-max', '64KiB', '--sink-timeout', '500ms');
    my $packet = '["' . 'x' x 30_000 . '"]';
    is($analyzer->post('/ingest', $packet)->{status}, 200, 'there is room');
    is($analyzer->post('/ingest', $packet)->{status}, 200, 'twice');
    my $answer = $analyzer->post('/ingest', $packet);
    is("$answer->{status} $answer->{headers}{'retry-after'}", '503 5', 'and then not');
    like($answer->{content}, qr/"code":"outbox_full"/, 'with the reason');
    my $metrics = $analyzer->get('/metrics')->{content};
    like($metrics, qr/^weir_analyzer_outbox_messages 2$/m, 'the metrics tell its length');
    like($metrics, qr/^weir_analyzer_refused_total\{reason="outbox_full"\} 1$/m, 'and what was refused');
};
done_testing;
