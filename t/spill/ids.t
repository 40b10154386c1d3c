# The id of a packet is shown as it reads, not as its JSON was written: in the spill, among the dead letters, by weirctl.
use v5.36;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--spill-after', '0' ]);
my ($node) = $cluster->nodes;
my $send = sub ($body) { is(http(POST => "http://$node->{ingest}/ingest", $body)->{status}, 202, 'a packet is taken') };
my $ids = sub ($stream) { return [ sort map { $_->{id} // '-' } @{ http(GET => "$node->{admin}/v1/$stream")->{json}{entries} } ] };

$send->('{"id":"web\\/17","n":1}');
$send->('{"id":"caf\\u00e9 \\ud83d\\ude00","n":1}');
$send->('{"id":"a\\"b\\u0000c","n":1}');
is_deeply($ids->('spill'), [ 'a"b?c', "caf\x{e9} \x{1f600}", 'web/17' ], 'ids in the spill have no escapes');
like(run('weirctl', '--redis', $cluster->redis->url, 'spill', 'list')->{stdout}, qr{ web/17$}m, 'weirctl shows them so');

my $analyzer = Weir::FakeServer->start(sub (@) { return { status => 400 } });
http(PUT => "$node->{admin}/v1/analyzers/a1", { url => $analyzer->url('/ingest'), weight => 1, ttl_ms => 60000 });
wait_until { @{ $ids->('dead') } == 3 } 20, 'the analyzer refuses all of them';
is_deeply($ids->('dead'), [ 'a"b?c', "caf\x{e9} \x{1f600}", 'web/17' ], 'nor have ids of dead letters');
done_testing;
