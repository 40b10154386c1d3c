# Each TLS port, be it of HTTP or of a listener: which certificates of clients are taken, what clients refuse of the node's, and a scan.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my $strangers = Weir::Certificates->new('strangers');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1', password => 'sesame');
my ($old_cert, $old_key) = $ca->make('old', names => 'DNS:old.example.com', from => -9, until => -1, password => 'sesame');
my ($lost_cert, $lost_key) = $ca->make('lost', names => 'DNS:lost.example.com', password => 'sesame');
my %client = (
    good => [ $ca->make('agent-7') ],
    revoked => [ $ca->make('revoked') ],
    expired => [ $ca->make('expired', from => -9, until => -1) ],
    foreign => [ $strangers->make('foreign', cn => 'agent-7') ],
    none => [],
);
$ca->revoke($_) for qw(revoked lost);
my $crl = $ca->crl;

my @listeners = qw(syslog gelf forward);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ map({ ('--tls-cert' => $_) } $cert, $old_cert, $lost_cert), map({ ('--tls-key' => $_) } $key, $old_key, $lost_key),
    '--tls-key-password-file', $ca->write('password', "sesame\n"), '--tls-client-crl', $crl, map({ ("--${_}tls-client-ca", $ca->file) } '', 'admin-'),
    map { ("--${_}listen-tls", '127.0.0.1:0') } '', 'admin-', map { "$_-" } @listeners ]);
my $node = $cluster->node(1);
my %addr = (
    (map { $_->[0] => $node->wait_log(qr/component=$_->[1] msg="listening with TLS" .*addr=(\S+)/) } [ ingest => 'node' ], [ admin => 'admin' ]),
    (map { $_ => $node->wait_log(qr/component=listen msg=listening .*listener=$_-tls addr=(\S+)/) } @listeners),
);
my @ports = ('ingest', 'admin', @listeners);
pass('keys with a password are read');

# A handshake of openssl's client on each port, all at once: {port => [exit status, what was said]}.
sub shake ($who, @options) {
    state $n = 0;
    my ($cert, $key) = $client{$who}->@*;
    my %run = map {
        my $out = folder . '/shake.' . ++$n;
        my @command = ('sh', '-c', 'exec openssl s_client "$@" </dev/null 2>&1', 'sh', '-connect', $addr{$_}, '-CAfile', $ca->file, $cert ? ('-cert', $cert, '-key', $key) : (), @options);
        ($_ => [ Weir::Process->start(\@command, stdout => $out, may_end => 1), $out ]);
    } @ports;
    return map { ($_ => [ $run{$_}[0]->wait_end(60) // die("openssl does not end\n"), slurp($run{$_}[1]) ]) } @ports;
}

sub all_end ($title, $wanted, %outcome) {
    is_deeply({ map { ($_ => $outcome{$_}[0] ? 'refused' : 'taken') } @ports }, { map { ($_ => $wanted) } @ports }, "each port: $title");
    return %outcome;
}

# ---- certificates of clients: with TLS 1.2 a client hears of it within the handshake ----

my @verified = ('-verify_return_error', '-verify_hostname', 'localhost');
all_end('a client with a certificate is taken', 'taken', shake('good', @verified, $_)) for qw(-tls1_2 -tls1_3);
all_end("$_->[1] is refused", 'refused', shake($_->[0], '-tls1_2')) for [ revoked => 'a revoked one' ], [ expired => 'an expired one' ], [ foreign => 'one of strangers' ], [ none => 'a client without one' ];

# ---- the certificate of the node, as a client sees it ----

sub client_refuses ($title, $why, @options) {
    my %outcome = all_end("a client refuses $title", 'refused', shake('good', '-verify_return_error', @options));
    is_deeply([ grep { $outcome{$_}[1] !~ $why } @ports ], [], 'and says why');
}
client_refuses('a wrong name', qr/hostname mismatch/i, '-verify_hostname', 'wrong.example.com');
client_refuses('an expired one', qr/certificate has expired/, '-servername', 'old.example.com');
client_refuses('an unknown authority', qr/unable to (?:get|verify)|self.signed/, '-no-CApath', '-no-CAstore', '-CAfile', $strangers->file);
client_refuses('a revoked one', qr/certificate revoked/, '-servername', 'lost.example.com', '-crl_check', '-CRL', $crl);

# ---- protocols ----

my %speaks = shake('good', '-alpn', 'h2,http/1.1');
is_deeply({ map { ($_ => $speaks{$_}[1] =~ /^ALPN protocol: (\S+)/m ? $1 : 'none') } @ports },
    { ingest => 'h2', admin => 'http/1.1', map { ($_ => 'none') } @listeners }, 'HTTP/2 is agreed on where it is spoken');

# ---- a scan ----

my @all = split /:/, `openssl ciphers ALL:COMPLEMENTOFALL:\@SECLEVEL=0` =~ s/\s+\z//r;
my @weak = grep { !/^TLS_|^ECDHE-.*(?:GCM|CHACHA20)/ } @all;
cmp_ok(scalar @weak, '>', 20, scalar(@weak) . ' weak ciphers are known to openssl');
all_end('none of them is spoken', 'refused', shake('good', '-tls1_2', '-cipher', join(':', @weak) . ':@SECLEVEL=0'));
all_end("$_->[1] is not spoken", 'refused', shake('good', "-$_->[0]", '-cipher', 'ALL:@SECLEVEL=0')) for [ tls1 => 'TLS 1.0' ], [ tls1_1 => 'TLS 1.1' ];

# ---- a list that changes ----

$ca->revoke('agent-7');
$ca->crl;
wait_until { my %outcome = shake('good', '-tls1_2'); !grep { !$outcome{$_}[0] } @ports } 20, 'the new list to be read';
pass('each port: a certificate that is revoked meanwhile is refused');
is($node->end, 0, 'the node ends well');
done_testing;
