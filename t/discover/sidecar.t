# weir-sidecar registers a server that is there, by its own health URL, or as the parent of its process.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Listed;
use Weir::Test qw(:DEFAULT program_path);

alarm 200;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my $node = $cluster->node(1);
my $token = folder() . '/token';
sub analyzer ($id) { return listed($cluster)->{$id} }
sub sidecar ($id, $url, @more) {
    return Weir::Process->start([ 'weir-sidecar', '--id', $id, '--url', $url, '--register', "http://127.0.0.1:9,$node->{admin}", '--health-interval', '100ms', '--ttl', '2s', @more ],
        name => "sidecar of $id", may_end => 1);
}

# ---- a server with a health URL and a page of metrics ----

my $headers = folder() . '/headers';
write_whole($headers, "# of the server\nX-Key: a,b 1\nX-Tenant: shop\n");
my $well = folder() . '/well';
my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    return { status => 401 } if $Weir::FakeServer::head !~ /^X-Key: a,b 1\r$/m;
    return -e $well ? { status => 200, body => "I am ready\n" } : { status => 503, body => 'ready soon' } if $path eq '/ready';
    return { status => 200, body => "# TYPE lines_total counter\nlines_total{a=\"b\"} 40\nlines_total{a=\"c\"} 2\n" } if $path eq '/metrics';
    return { status => 200 };
});
my $sidecar = sidecar('loki1', $server->url('/push'), '--weight', 2, '--accepts', 'packet', '--health', $server->url('/ready'), '--health-body', 'am ready',
    '--processed-metric', $server->url('/metrics#lines_total'), '--drain-delay', '100ms', '--header-file', $headers);
$sidecar->wait_log(qr/msg="the server is not well, so heartbeats stop" .*reason="status 503"/);
ok(!analyzer('loki1'), 'a server that is not well is not registered');
write_whole($well, '');
wait_until { analyzer('loki1') } 10, 'the server to be registered';
my $found = analyzer('loki1');
is("$found->{weight} $found->{accepts} $found->{source} $found->{url}", '2 packet registered ' . $server->url('/push'), 'it is registered when it is well, with what the sidecar was told');
wait_until { analyzer('loki1') && analyzer('loki1')->{processed} == 42 } 10, 'the count of its metric';
pass('its own metric counts the messages, by the heartbeats');
wait_until { (http(POST => "http://$node->{ingest}/ingest", { messages => ['m'] })->{headers}{'weir-analyzer'} // '') eq 'loki1' } 10, 'a delivery';
pass('it gets packets, and each request has its headers');
is_deeply([ analyzer('loki1')->{headers}->@* ], [ 'X-Key', 'X-Tenant' ], 'whose names are shown');
unlike(join('', $sidecar->log, $node->log), qr/a,b/, 'but not their values');
unlink $well or die;
wait_until { !analyzer('loki1') } 10, 'its lease to end';
pass('while it is not well no heartbeats are sent');
write_whole($well, '');
wait_until { analyzer('loki1') } 10, 'it to be back';
pass('and it is back when it is well again');
$sidecar->signal('TERM');
is($sidecar->wait_end, 0, 'the sidecar ends well');
is((grep { $_->{id} eq 'loki1' } @{ $cluster->cluster->{analyzers} }), 0, 'and its analyzer has left');

$sidecar = sidecar('e1', $server->url('/push'), '--health', $server->url('/ready'), '--health-body', '', '--header-file', $headers);
wait_until { analyzer('e1') } 10, 'a server of which no text is asked to be registered';
pass('an empty text is in every body');
$sidecar->signal('TERM');
is($sidecar->wait_end, 0, 'and looking for it harms nobody');

# ---- a command ----

my $script = folder() . '/server.sh';
write_whole($script, <<'END');
echo started with "$@"
trap 'echo got HUP' HUP
trap 'echo got TERM; exit 7' TERM
(sleep 0.1 & exit 0)   # an orphan
while :; do sleep 0.05; done
END
$sidecar = sidecar('c1', $server->url('/push'), '--drain-delay', '300ms', '--', 'sh', $script, 'an argument');
$sidecar->wait_log(qr/^started with an argument$/m);
wait_until { analyzer('c1') } 10, 'the command to be registered';
$sidecar->signal('HUP');
$sidecar->wait_log(qr/^got HUP$/m);
pass('other signals go to the command');
$sidecar->signal('TERM');
is($sidecar->wait_end, 7, 'its status is that of the command');
like($sidecar->log, qr/msg=deregistered.*^got TERM$/ms, 'which hears of the end when the analyzer has left');
$sidecar = sidecar('c1', $server->url('/push'), '--', 'sh', '-c', 'sleep 0.5; kill -9 $$');
is($sidecar->wait_end, 137, 'a command that was killed has the status of a shell');
is((grep { $_->{id} eq 'c1' } @{ $cluster->cluster->{analyzers} }), 0, 'and its analyzer has left too');
$sidecar = sidecar('c1', $server->url('/push'), '--', '/no/such/program');
is($sidecar->wait_end, 127, 'one that is not there is told as a shell does');

# ---- as process 1 ----

SKIP: {
    skip 'a namespace of processes needs the rights of root', 2 if $> != 0 || system('unshare -pf --mount-proc true >/dev/null 2>&1') != 0;
    my $one = Weir::Process->start([ 'unshare', '-pf', '--kill-child', '--mount-proc', program_path('weir-sidecar'), '--id', 'p1', '--url', $server->url('/push'), '--register', $node->{admin}, '--drain-delay', 0,
        '--', 'sh', '-c', 'for i in 1 2 3; do (sh -c "sleep 0.1 & exit" ); done; sleep 0.6; ps -e -o stat= | grep -c Z; exit 3' ], name => 'process 1', may_end => 1);
    is($one->wait_end, 3, 'as process 1 it ends with the status of its command');
    like($one->log, qr/^0$/m, 'and leaves no zombies');
}

# ---- a token from a file, and refusals ----

my $run = run('weir-sidecar', '--url', 'http://h:1', '--register', 'http://n:1', '--health', 'h');
is("$run->{status} $run->{stderr}", qq(2 weir-sidecar: --health: "h" is no http://HOST[:PORT][/PATH]\n), 'what it is told is checked');
write_whole($token, "a-token-of-the-file\n");
my $closed = $cluster->start_node('n2', '--register-token', 'a-token-of-the-file');
$sidecar = Weir::Process->start([ 'weir-sidecar', '--id', 't1', '--url', $server->url('/push'), '--register', $closed->{admin}, '--register-token-file', $token ], name => 'with a token');
wait_until { analyzer('t1') } 10, 'it to be registered with the token of a file';
pass('a token may be in a file');
done_testing;
