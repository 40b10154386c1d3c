# Certificates are renewed while agents send by HTTP/1.1 and HTTP/2: no request fails, new connections get the new one, and bad files change nothing.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Copy qw(copy move);
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my ($cert, $key) = $ca->make('server', cn => 'first', names => 'DNS:localhost,IP:127.0.0.1', until => 10);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => [ '--listen-tls', '127.0.0.1:0', '--tls-cert', $cert, '--tls-key', $key, '--max-connection-age', '1s' ]);
my $node = $cluster->node(1);
my $tls = $node->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
$node->wait_log(qr/msg="a certificate expires soon" .*of=ingest days_left=(?:9|10)/);
pass('the log warns of a certificate that ends within two weeks');

# The common name that a new connection is shown.
sub shown () {
    state $n = 0;
    my $out = folder . '/shown.' . ++$n;
    Weir::Process->start([ 'sh', '-c', 'exec openssl s_client -connect "$0" </dev/null', $tls ], stdout => $out, may_end => 1)->wait_end(30);
    return slurp($out) =~ /^subject=.*CN ?= ?(\S+)/m ? $1 : '';
}
is(shown, 'first', 'the first certificate is shown');

my $load = $cluster->begin_load(target => "https://$tls/ingest", ca => $ca->file, rate => 500, connections => 16, duration => 0);
my $told = folder . '/h2';
my $h2 = Weir::Process->start([ '/usr/bin/python3', "$Bin/../chaos/agent.py", '--kind', 'h2', '--prefix', 'h2', '--acked', folder . '/acked', '--rate', 50, '--ca', $ca->file, '--timeout', 60, $tls ], stdout => $told, may_end => 1);
wait_until { ($cluster->counts->{a1} // 0) > 500 } 20, 'the load is on';
for my $name (qw(second third)) {
    $ca->make('server', cn => $name, names => 'DNS:localhost,IP:127.0.0.1');
    wait_until { shown eq $name } 20, "the $name certificate is shown";
    pass("the $name certificate is shown to new connections");
}
copy($cert, "$cert.good") or die $!;
$ca->write('broken', "broken\n");
move("$ca->{dir}/broken", $cert) or die $!;
$node->wait_log(qr/msg="new certificates cannot be used, the old ones stay" .*of=ingest reason="[^"]*server\.pem/);
is(shown, 'third', 'where a new file is broken, the old certificate stays, and the log says why');
move("$cert.good", $cert) or die $!;
my $routed = $cluster->counts->{a1};
wait_until { $cluster->counts->{a1} > $routed + 500 } 20, 'the load goes on';
$load->signal('INT');
my $report = $cluster->finish_load($load);
$h2->signal('INT');
is($h2->wait_end(60), 0, 'an agent of HTTP/2 ends well');
my $of_h2 = decode_json(slurp($told));
cmp_ok($of_h2->{acknowledged}, '>', 0, 'its packets were taken');
is_deeply($of_h2->{again}, {}, 'and none of them was sent twice');
is($report->{status}, 0, 'no request of the load has failed');
cmp_ok($report->{reconnects} // $report->{connections}{reconnects} // 1, '>', 0, 'and its connections were made anew');
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'nothing is lost');
is($node->end, 0, 'the node ends well');
done_testing;
