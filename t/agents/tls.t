# Agents by TLS, by HTTP/1.1 and by gRPC, some with certificates of their own: each of their records is counted and delivered once, and none is sent to a node whose authority they do not know.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Agents;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my $strangers = Weir::Certificates->new('strangers');
my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my %own;
@own{qw(cert key)} = $ca->make('agent-7');
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--ingest-status', 200, '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key,
    '--tls-client-ca', $ca->file, '--tls-client-verify', 'optional', '--tls-client-names', 'agent-7' ]);
my $node = $cluster->node(1);
my $tls = $node->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
my @names = qw(otlp-proto otlp-grpc pino-loki winston-loki elastic-bulk python-grpc);

my $agents = Weir::Agents->new(cluster => $cluster, tls => { ca => $ca->file, %own });
for my $run ($agents->start_all(\@names, count => 500, addr => $tls)) {
    $agents->finish($run, 30);
    is("$run->{status} $run->{log}", '0 ', "$run->{name} ends well, and says nothing of an error");
    is_deeply($agents->verdict($run), [ 0, 0 ], 'each of its records is at an analyzer once');
}
is(metrics($node)->{weir_accepted_messages_total}, 500 * @names, 'and counted');
cmp_ok(metrics($node)->{'weir_ingest_token_requests_total{name="agent-7"}'} // 0, '>', 0, 'those of gRPC are known by the names in their certificates');

my $wary = Weir::Agents->new(cluster => $cluster, tls => { ca => $strangers->file, %own }, may_fail => 1);
my @runs = $wary->start_all([qw(otlp-grpc python-grpc elastic-bulk)], count => 10, addr => $tls);
wait_until { (metrics($node)->{'weir_tls_handshakes_total{result="failed"}'} // 0) >= @runs } 20, 'each of them to refuse the node';
$_->{process}->kill_now for @runs;
is(metrics($node)->{weir_accepted_messages_total}, 500 * @names, 'agents that do not know the authority send nothing');
like($node->log, qr/msg="TLS handshake failed" .*client=127/, "and the log of the node tells of it");
is($node->end, 0, 'the node ends well');
done_testing;
