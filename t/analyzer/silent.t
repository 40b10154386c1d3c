# A server of HTTP/2 that is gone without a word, and is back at the same address: weir-sidecar finds it well again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Analyzer;
use Weir::Certificates;
use Weir::Relay;
use Weir::Test;

alarm 200;
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', names => 'IP:127.0.0.1');
my $server = Weir::Analyzer->start('--id', 's1', '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key);
my $addr = $server->process->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
my $relay = Weir::Relay->new;
$relay->run($addr);
my $sidecar = Weir::Process->start([ 'weir-sidecar', '--id', 's1', '--url', "https://$addr/ingest", '--register', 'http://127.0.0.1:9', '--ca', $ca->file,
    '--health', 'https://' . $relay->addr . '/health', qw(--health-interval 100ms --health-fall 1) ], name => 'sidecar');
$sidecar->wait_log(qr/msg="the server is well"/);
$relay->silence;
$sidecar->wait_log(qr/msg="the server is not well/);
pass('a sidecar sees that its server is gone');
$sidecar->wait_log(qr/msg="the server is not well.*msg="the server is well"/s);
pass('and that it is back');
done_testing;
