# A packet that ends the process of each analyzer that gets it: it travels alone, with growing pauses, and becomes a dead
# letter. Its neighbours are delivered, and no process is started more often than is needed to know.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Supervised;
use Weir::Test;

use constant MOST_STARTS => 10; # of three analyzers, the first starts included

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => [ '--ack-within', '300ms', '--workers', 2 ]);
my @nodes = $cluster->nodes;
my @ids = qw(a1 a2 a3);
my %analyzers;
for my $id (@ids) {
    $analyzers{$id} = Weir::Supervised->start($id, [ 'weir-analyzer', '--id', $id, '--listen', '127.0.0.1:' . free_port(),
        '--record', folder . "/$id.record", '--crash-on', 'poison-1', '--register', join(',', map { $_->{admin} } @nodes) ]);
}
$cluster->wait_known(@ids);

my $load = $cluster->begin_load(rate => 400, duration => 15, messages => '1', connections => 16);
wait_until { $cluster->cluster->{totals}{packets} > 200 } 20, 'all to be at work';
my $answer = http(POST => "http://$nodes[0]{ingest}/ingest", '{"id":"poison-1","n":1}');
is($answer->{status}, 202, 'the agent of the packet is answered');
my $report = $cluster->finish_load($load);
is($report->{status}, 0, 'others have seen no error');
my $dead = sub () { return http(GET => "$nodes[0]{admin}/v1/dead")->{json} };
wait_until { $dead->()->{packets} > 0 } 60, 'the packet to be a dead letter';
my $letters = $dead->();
is($letters->{packets}, 1, 'it is the only dead letter');
my $letter = $letters->{entries}[0];
is($letter->{id}, 'poison-1', 'and is that packet');
like($letter->{reason}, qr/^poison: \d+ attempts, last the connection broke$/, 'with the reason');
like($letter->{analyzer}, qr/^a[123]$/, 'and the last analyzer');
my $starts = sub () { my $n = 0; $n += $_->starts for values %analyzers; return $n };
my $known = $starts->();
note("$known starts");
cmp_ok($known, '<=', MOST_STARTS, 'few processes ended of it');
wait_until { my $c = $cluster->cluster; $c->{spill}{packets} == 0 && $c->{accounts}{in_flight}{packets} == 0 } 30, 'all others to be delivered';
my %recorded;
for my $id (@ids) { $recorded{$_}++ for slurp(folder . "/$id.record") =~ /"id":"([^"]+)"/g }
is(scalar(grep { !$recorded{$_} } @{ $report->{acked} }), 0, 'each neighbour that was acknowledged is at an analyzer');
is($starts->(), $known, 'and no process ends any more');
like(run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout}, qr{^accounts +ok}m, 'accounts add up');
$_->stop for values %analyzers;
done_testing;
