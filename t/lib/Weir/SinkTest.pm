package Weir::SinkTest;

# An analyzer with a sink, a strict server behind it (t/sink/sinks.py), and messages of all formats. `use Weir::SinkTest`
# skips the test where there is no python3; with CI=true that is a failure.
#
#   my $receiver = receiver('gelf-tcp');                    # {port, file, process}
#   my $analyzer = sink_analyzer("gelf+tcp://127.0.0.1:$receiver->{port}");
#   my $sent = messages(2000);                              # bodies of deliveries, and the file of what has to come
#   deliver($analyzer, $sent);                              # how often it was refused meanwhile
#   is_deeply(arrived($sent, $receiver->{file}), {...});
use v5.36;
use Exporter qw(import);
use JSON::PP qw(decode_json);
use Test::More ();
use Time::HiRes qw(sleep);
use Weir::Analyzer;
use Weir::Base qw(checkout until_true);
use Weir::Test;

our @EXPORT = qw(arrived as_received certificate deliver messages n_messages receiver sink_analyzer wait_arrived);
my $script = checkout . '/t/sink/sinks.py';

sub import_check () {
    return if grep { -x "$_/python3" } split /:/, $ENV{PATH};
    die "there is no python3\n" if ($ENV{CI} // '') eq 'true';
    Test::More::plan(skip_all => 'python3 is not installed');
}
import_check();

# WEIR_SINK_MESSAGES=10000 for the whole of it.
sub n_messages () { return $ENV{WEIR_SINK_MESSAGES} // 2000 }

sub messages ($n) {
    state $count = 0;
    my $to = folder . '/sent.' . ++$count;
    mkdir $to or die "$to: $!";
    system('python3', $script, 'make', $n, $to) == 0 or die "make: $?";
    my @bodies = map { my ($packets, $body) = split / /, $_, 2; [ $packets, $body ] } split /\n/, slurp("$to/bodies");
    return { n => $n, bodies => \@bodies, expected => "$to/expected" };
}

sub receiver ($kind, @options) {
    state $count = 0;
    my ($ports, $file) = map { folder . "/$_." . ++$count } qw(port received);
    my $process = Weir::Process->start([ 'python3', $script, 'receive', $kind, $file, @options ], stdout => $ports, name => $kind);
    wait_until { slurp($ports) =~ /port=\d+/ } 20, "the receiver of $kind";
    my ($port) = slurp($ports) =~ /port=(\d+)/;
    return { port => $port, file => $file, process => $process };
}

# A certificate for 127.0.0.1, and its key.
sub certificate () {
    my ($cert, $key) = map { folder . "/sink.$_" } qw(crt key);
    my $said = qx(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1 \\
        -addext subjectAltName=IP:127.0.0.1 -keyout '$key' -out '$cert' 2>&1);
    die "openssl: $said" if $?;
    return ($cert, $key);
}

sub sink_analyzer ($sink, @options) {
    return Weir::Analyzer->start('--id', 'a1', '--sink', $sink, '--sink-timeout', '20s', @options);
}

# As a node does: what is answered 503 is sent again. How often that was.
sub deliver ($analyzer, $sent, $each = sub { }) {
    my $n_refused = 0;
    for my $body (@{ $sent->{bodies} }) {
        until_true(24, sub {
            my $answer = $analyzer->post('/ingest', $body->[1], 'Weir-Packets' => $body->[0], 'Weir-Node' => 'n1', 'Weir-Pool' => 'default/5e1f');
            return 1 if $answer->{status} == 200;
            die "answered $answer->{status}: $answer->{content}" if $answer->{status} =~ /^4/;
            $n_refused++;
            return 0;
        }, 0.1) // die "it refuses for too long\n";
        $each->();
    }
    return $n_refused;
}

# Lines of GELF that another server has written, as our own receiver would have. Options: --floats.
sub as_received ($gelf, @options) {
    unlink "$gelf.received";
    system('python3', $script, 'read', $gelf, "$gelf.received", @options) == 0 or die "read: $?";
    return "$gelf.received";
}

sub arrived ($sent, @files) {
    my $said = `python3 '$script' check '$sent->{expected}' @files`;
    die "check: $?" if $?;
    return decode_json($said);
}

# Until this many have arrived, or none came for a while.
sub wait_arrived ($sent, $seconds, @files) {
    until_true($seconds, sub { arrived($sent, @files)->{missing} == 0 }, 0.2);
    return arrived($sent, @files);
}

1;
