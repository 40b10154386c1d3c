# Requests that a client of TLS sends ahead are all answered, also where they came in one record and only some of them had room in the queue.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IPC::Open2 qw(open2);
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $n_asked = 200; # the queue of a connection has 64
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key, '--idle-timeout', '10m' ]);
my $tls = $cluster->node(1)->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
my $pid = open2(my $hears, my $says, 'sh', '-c', 'exec openssl s_client -quiet -no_ign_eof -verify_return_error "$@" 2>/dev/null', 'sh', '-CAfile', $ca->file, '-connect', $tls);

# Of a request behind a large one the node reads little at first.
my $body = '{"messages":["' . ('x' x (32 << 10)) . '"]}';
my $post = "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
syswrite $says, $post . ("GET /no HTTP/1.1\r\nHost: w\r\n\r\n" x $n_asked);
my $heard = '';
wait_until {
    my $seen = '';
    vec($seen, fileno $hears, 1) = 1;
    while (select my $ready = $seen, undef, undef, 0) { last if !sysread $hears, $heard, 64 << 10, length $heard }
    return (() = $heard =~ m{HTTP/1\.1 \d}g) == 1 + $n_asked;
} 60, 'all answers';
is(scalar(() = $heard =~ m{HTTP/1\.1 202 }g), 1, 'the packet is accepted');
is(scalar(() = $heard =~ m{HTTP/1\.1 404 }g), $n_asked, 'and each request behind it has its answer');
close $says;
waitpid $pid, 0;
is($cluster->node(1)->end, 0, 'the node ends well');
done_testing;
