# weir-loadgen sends to the listeners that are not HTTP. Frames of forward are acknowledged, with a shared key or without.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Listen;
use Weir::Test;

alarm 120;
use constant PACKETS => 40;
my $binary = ($ENV{WEIR_BIN} // "$Bin/../../build/bin") . '/weir-loadgen';
my $key = 'a-key-that-is-long-enough';
my $open = Weir::Listen->start([qw(syslog gelf forward)]);
my $n_runs = 0;

# Its report; $? is its exit status.
sub load ($listen, $kind, $format, $scheme, @options) {
    my $url = "$scheme://$listen->{addr}{$kind}";
    open my $out, '-|', $binary, '--json', '--rate', 400, '--count', PACKETS, '--messages', '1-9', '--id-prefix', 'run' . ++$n_runs,
        '--connections', 3, '--format', $format, '--target', $url, @options or die "$binary: $!";
    my $report = decode_json(do { local $/; <$out> });
    close $out;
    return $report;
}

my %sent;
for (
    [qw(syslog tcp)], [qw(syslog udp)], [qw(gelf tcp)], [qw(gelf udp)], [qw(gelf udp --compress gzip)], [qw(gelf udp --bytes 5000)],
    [qw(gelf udp --bytes 5000 --compress zlib)], [qw(forward tcp)], [qw(forward tcp --compress gzip)], [qw(forward tcp --compress zstd)],
    [qw(forward tcp --messages 1000)],
) {
    my ($format, $scheme, @options) = @$_;
    my $title = join ' ', @$_;
    my $report = load($open, $format, $format, $scheme, @options);
    is($?, 0, "$title: all is accepted");
    $sent{"run$n_runs"} = $report->{sent}{messages};
    $open->got("$format-$scheme", $report->{sent}{messages}, "$title: and counted by messages");
}
$open->is_delivered('an analyzer has all of them');

my (%n_seen, %times);
for my $message (map { $_->{messages}->@* } $open->packets) {
    my ($run, $id) = join(' ', map { $message->{$_} // '' } qw(_message_id id message)) =~ m{\b(run\d+)-(\d+/\d+)\b} or next;
    $times{"$run-$id"}++ || $n_seen{$run}++;
}
is_deeply(\%n_seen, \%sent, 'each message of each run arrived');
is_deeply([ grep { $times{$_} > 1 } sort keys %times ], [], 'and each of them once');
my $wrong = load($open, 'syslog', 'forward', 'tcp', qw(--count 1 --timeout 300ms));
isnt($?, 0, 'a frame that nobody acknowledges fails');
is($wrong->{accepted}{packets}, 0, 'and is not accepted');

my $closed = Weir::Listen->start([ 'forward' ], '--forward-key', $key);
my $trusted = load($closed, 'forward', 'forward', 'tcp', '--ingest-token', $key);
is($?, 0, 'a node with a shared key takes them from one that has it');
$closed->got('forward-tcp', $trusted->{sent}{messages}, 'and counts them');
for (['another', '--ingest-token', "$key."], ['none']) {
    my ($what, @options) = @$_;
    my $stranger = load($closed, 'forward', 'forward', 'tcp', @options, qw(--count 3 --connections 1));
    isnt($?, 0, "with $what it fails");
    is($stranger->{failed}{packets}, 3, 'in each packet');
}
$closed->got('forward-tcp', 0, 'of which nothing counts');
is($_->node->end, 0, 'the node ends well') for $open, $closed;
done_testing;
