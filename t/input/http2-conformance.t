# What RFC 9113 (HTTP/2) and RFC 7541 (HPACK) want of a server, rule by rule: with frames by hand, with nghttp2's client, and with python3-h2 as a strict judge.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Http2;
use Weir::Http2Rules qw(rules);
use Weir::Input;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start('--max-header', '64KiB');
my $addr = $input->node->{ingest};

sub title ($section, $claim) { return ($section =~ /^H(.*)/ ? "RFC 7541, $1" : "RFC 9113, $section") . ": $claim" }

# ---- frames by hand ----

sub is_closed ($client) { return $client->ending =~ /eof|reset|data/ }

my %judge = (
    connection => sub ($client, $code) {
        my ($got) = $client->goaway;
        return ($got // 'none') eq $code && is_closed($client) ? '' : 'GOAWAY: ' . ($got // 'none');
    },
    stream => sub ($client, $code) {
        my $got = $client->error(1) // 'none';
        return $got eq $code ? '' : "error: $got";
    },
    taken => sub ($client, $n) {
        my $body = $client->body(1) // 'none';
        return $body =~ /"messages":$n\b/ ? '' : "answer: $body";
    },
    lives => sub ($client, $) {
        $client->send(headers(101, '/livez', END_STREAM, ':method' => 'GET'));
        return defined $client->body(101) ? '' : 'the connection is closed';
    },
);

for my $rule (rules()) {
    my ($section, $claim, $kind, $wanted, @frames) = @$rule;
    my $client = Weir::Http2->connect($addr);
    $client->send(@frames);
    my $why = $judge{$kind}->($client, $wanted);
    ok($why eq '', title($section, $claim)) or diag($why);
    $client->close;
}

# ---- a strict judge ----

my $told = folder . '/told';
my $peer = Weir::Process->start([ '/usr/bin/python3', "$Bin/h2-peer.py", $addr ], stdout => $told, may_end => 1);
is($peer->wait_end(120), 0, 'python3-h2 ends well') or diag($peer->log);
for my $line (split /\n/, slurp($told)) {
    my ($section, $claim, $why) = split /\t/, $line;
    is($why, 'ok', title($section, $claim));
}

# ---- nghttp2's client ----

my $body = folder . '/body';
open my $file, '>', $body or die "$body: $!";
print $file '["', 'x' x 100_000, '"]';
close $file or die "$body: $!";
my @nghttp = (
    [ '4.3', 'a header section of 32 KiB in CONTINUATION frames is read', '--continuation' ],
    [ '6.1', 'frames with padding are read', '--padding=255' ],
    [ '6.9', 'a client whose windows are small is answered', '--window-bits=4', '--connection-window-bits=16' ],
    [ '8.1', 'one that sends trailers, too', '--trailer=checksum: x' ],
    [ '8.1', 'and one that waits to be let in', '--expect-continue' ],
    [ '8.1.1', 'and one that announces no length', '--no-content-length' ],
    [ 'H4.2', 'and one without a table', '--header-table-size=0', '--encoder-header-table-size=0' ],
);
for my $run (@nghttp) {
    my ($section, $claim, @options) = @$run;
    my $said = folder . "/nghttp";
    my $client = Weir::Process->start([ 'nghttp', '-v', '-t', 20, @options, '-d', $body, "http://$addr/ingest" ], stdout => $said, may_end => 1);
    $client->wait_end(60);
    like(slurp($said), qr/:status: 202\b.*recv DATA [^\[]*; END_STREAM/s, title($section, $claim)) or diag($client->log);
}

# ---- the end ----

$input->bystander_is_well('in the end');
$input->{bystander}->close;
for my $gauge (qw(weir_connections weir_held_bytes)) {
    ok(eval { wait_until { $input->metric($gauge) == 0 } 20, $gauge }, "$gauge goes back to 0");
}
is($input->node->end, 0, 'the node ends well');
done_testing;
