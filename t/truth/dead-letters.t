# Packets that an analyzer refuses become dead letters, which are told until somebody has purged them.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::FakeServer;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(analyzers => { a1 => 1 });
my $cluster = $truth->cluster;
my $node = $cluster->node(1);
my $picky = Weir::FakeServer->start(sub { return { status => $_[1] =~ /not for everybody/ ? 400 : 200 } });
my $put = http(PUT => "$node->{admin}/v1/analyzers/a2", { url => $picky->url('/ingest'), weight => 1, ttl_ms => 600_000 });
is($put->{status}, 201, 'an analyzer that refuses some packets is there');
$cluster->wait_known('a2');
$truth->wait_well(30);

$truth->begins('an analyzer calls packets bad', sub {
    http(POST => "http://$node->{ingest}/ingest", ['not for everybody']) for 1 .. 20;
}, kind => 'dead_letters', level => 'warn', text => qr/^\d+ dead letters? waits? for somebody to replay or purge/, since => 1, within => 30,
    status => qr/\d+ dead letters? waits?/, event => 'dead', alert => 'WeirDeadLetters');
like(run('weirctl', '--redis', $cluster->redis->url, 'dead', 'list')->{stdout}, qr/a2 +status 400/, 'weirctl dead list says who refused them, and how');
$truth->ends('they are purged', sub { run('weirctl', '--redis', $cluster->redis->url, 'dead', 'purge', 'all', '--yes') });
done_testing;
