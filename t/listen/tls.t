# Syslog, GELF and the forward protocol by TLS: with the certificates of the ingest port, and clients that must have one. Plain text is refused there.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IPC::Open2;
use Test::More;
use Weir::Certificates;
use Weir::Listen;
use Weir::Msgpack qw(array map_of pack_of);
use Weir::Test;

alarm 120;
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my @own = map { ("-$_->[0]" => $_->[1]) } [ cert => ($ca->make('agent-7'))[0] ], [ key => "$ca->{dir}/agent-7.key" ];
my $listen = Weir::Listen->start([], '--header-timeout', '5s', '--tls-cert', $cert, '--tls-key', $key, '--tls-client-ca', $ca->file, map { ("--$_-listen-tls", '127.0.0.1:0') } qw(syslog gelf forward));
$listen->find_addresses([ map { "$_-tls" } qw(syslog gelf forward) ]);

# A sender by TLS: where its words go, and where it hears what it is told.
sub sender ($kind, @options) { return sender_at($listen->{addr}{"$kind-tls"}, @options) }

sub sender_at ($addr, @options) {
    my $pid = open2(my $hears, my $says, 'sh', '-c', 'exec openssl s_client -quiet -no_ign_eof -verify_return_error "$@" 2>/dev/null', 'sh', '-CAfile', $ca->file, '-connect', $addr, @options);
    $says->autoflush(1);
    return ($says, $hears, $pid);
}

# Says so, and ends: its exit status.
sub send_all ($kind, $bytes, @options) {
    my ($says, $hears, $pid) = sender($kind, @options);
    print $says $bytes;
    close $says;
    waitpid $pid, 0;
    return $?;
}

local $SIG{PIPE} = 'IGNORE';
my $silent = $listen->client('gelf-tls');
is(send_all('syslog', "<13>one\n<13>two\n", @own), 0, 'lines of syslog');
$listen->got('syslog-tls', 2, 'are messages');
send_all('syslog', join('', map { "<13>" . 'x' x 1000 . " $_\n" } 1 .. 200), @own, '-tls1_2');
$listen->got('syslog-tls', 200, 'and so are those of many records of TLS 1.2');
send_all('gelf', qq({"short_message":"a"}\0{"short_message":"b"}\0), @own);
$listen->got('gelf-tls', 2, 'objects of GELF');
my ($says, $hears, $pid) = sender('forward', @own);
print $says pack_of(array('app.log', array(array(1_700_000_000, map_of(log => 'x'))), map_of(chunk => 'id-1')));
sysread $hears, my $ack, 100;
like($ack, qr/ack.*id-1/, 'a chunk of the forward protocol is acknowledged');
$listen->got('forward-tls', 1, 'and its event counted');
$listen->is_delivered('all of them are delivered');

# ---- who is not let in ----

sub handshakes ($result) { return $listen->metric(qq(weir_tls_handshakes_total{result="$result"})) }
send_all('syslog', "<13>three\n");
ok(eval { wait_until { handshakes('failed') == 1 } 20, 'its failure' }, 'a sender without a certificate is turned away, and counted');
my $plain = $listen->client('syslog-tls');
$plain->send("<13>four\n");
like($plain->ending, qr/eof|reset/, 'and so is one that speaks no TLS');
is(handshakes('plain'), 1, 'which is counted');
like($listen->node->log, qr/TLS handshake failed.*it speaks without TLS/, 'and told in the log');
like($silent->ending(30), qr/eof|reset/, 'one that says nothing is closed after header-timeout');
is(handshakes('timeout'), 1, 'and counted');
$listen->got('syslog-tls', 0, 'nothing of theirs is taken');

# ---- a shared key of the forward protocol ----

my $closed = Weir::Listen->start([], '--tls-cert', $cert, '--tls-key', $key, '--forward-key', 'a-key-that-is-long-enough', '--forward-listen-tls', '127.0.0.1:0');
$closed->find_addresses(['forward-tls']);
my ($to_closed, $from_closed, $pid_there) = sender_at($closed->{addr}{'forward-tls'});
print $to_closed pack_of(array('PING', 'client', 'salt', 'a proof of nothing', '', ''));
my $heard = '';
while (sysread $from_closed, my $bytes, 1000) { $heard .= $bytes }
like($heard, qr/HELO.*PONG.*shared key mismatch/s, 'another key is refused in words, by TLS as well');
close $to_closed;
waitpid $pid_there, 0;
is($closed->node->end, 0, 'that node ends well');

# ---- the end ----

$listen->node->signal('TERM');
is(sysread($hears, my $rest, 100), 0, 'a sender is told that the node ends');
close $says;
waitpid $pid, 0;
is($listen->node->wait_end(30), 0, 'which ends well');
done_testing;
