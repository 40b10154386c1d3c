# Three nodes behind a balancer are restarted one after the other, under 3000 packets/s: no request fails.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(first sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

my $haproxy = first { -x } map { "$_/haproxy" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan(skip_all => 'haproxy is not installed') if !$haproxy;
alarm 600;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => \%share, node => [ '--drain-delay', '2s' ]);

my ($port, $file) = (free_port, folder . '/haproxy.cfg');
open my $out, '>', $file or die "$file: $!";
print $out <<~"CONFIG", map { "  server $_->{name} $_->{ingest} check inter 250ms fall 2 rise 2\n" } $cluster->nodes;
    defaults
      mode http
      timeout connect 5s
      timeout client 60s
      timeout server 60s
    frontend agents
      bind 127.0.0.1:$port
      default_backend nodes
    backend nodes
      balance roundrobin
      option httpchk GET /readyz
    CONFIG
close $out;
my $balancer = Weir::Process->start([ $haproxy, '-f', $file, '-db' ], name => 'haproxy');
wait_until { http(GET => "http://127.0.0.1:$port/livez")->{status} == 200 } 10, 'the balancer';

my $load = $cluster->begin_load(target => "http://127.0.0.1:$port/ingest", rate => 3000, messages => '1-9', duration => 0, connections => 48);
wait_until { sum0(values %{ $cluster->counts }) >= 20_000 } 20, 'the load is on';
for my $i (1 .. 3) {
    my ($status, $node) = $cluster->restart_node($i);
    is($status, 0, "$node->{name} ends well");
    wait_until { (metrics($node)->{weir_delivered_packets_total} // 0) > 500 } 10, 'the new one to have its part of the load';
}
$load->signal('INT');
my $report = $cluster->finish_load($load);
note(sprintf '%d packets; slowest answer %.0f ms', $report->{sent}{packets}, $report->{latency_us}{max} / 1000);
is_deeply([ map { $report->{$_}{packets} } qw(refused failed) ], [ 0, 0 ], 'no request fails') or diag(explain($report->{refused}, $report->{failed}));
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'nothing is lost');
$balancer->kill_now;
done_testing;
