# What the chart renders runs: its Redis, its nodes, its analyzers and its test, with their command lines, Secrets,
# users and probes. Only Kubernetes itself is not there.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use Cluster;
use Helm;
use Test::More;
use Weir::Process;
use Weir::Test;

alarm 600;
my @values = ('--set', 'node.drain.delaySeconds=1,log.format=logfmt');
my $objects = render(@values);
my $cluster = Cluster->new($objects);

my $redis = $cluster->start('StatefulSet', '-redis');
wait_until { $cluster->passes($redis, 'readinessProbe') } 10, 'Redis to be ready';
ok($cluster->passes($redis, 'livenessProbe'), 'Redis is alive');
my %config = split /\n/, $cluster->exec($redis, 'redis-cli', 'config', 'get', 'appendonly', 'maxmemory-policy', 'maxmemory')->{stdout};
is_deeply(\%config, { appendonly => 'yes', 'maxmemory-policy' => 'noeviction', maxmemory => 1536 * 1024 * 1024 },
    'it appends to a file, evicts nothing and leaves a quarter of its memory to the system');
like($cluster->exec($redis, 'env', '-u', 'REDISCLI_AUTH', 'redis-cli', 'ping')->{stdout}, qr/^NOAUTH/, 'and wants its password');

my @nodes = map { $cluster->start('Deployment', '', $_) } 0, 1;
for my $node (@nodes) {
    wait_until { $cluster->passes($node, 'readinessProbe') } 10, $node->name . ' to be ready';
    ok($cluster->passes($node, 'livenessProbe'), $node->name . ' is ready and alive');
}
my @analyzers = map { $cluster->start('StatefulSet', '-analyzer', $_) } 0 .. 2;

sub status () { return $cluster->exec($nodes[0], 'weirctl', 'status', '--json')->{json} }
sub weights () { return join ' ', map { "$_->{id}=$_->{weight}" } @{ status()->{analyzers} } }
my $all = 'weir-analyzer-0=0.5 weir-analyzer-1=0.3 weir-analyzer-2=0.2';
wait_until { weights() eq $all } 10, 'the analyzers to register under their names and with their weights';
is(scalar @{ status()->{nodes} }, 2, 'weirctl needs no option in the pod of a node');
ok($cluster->passes($analyzers[2], $_), "an analyzer passes its $_") for qw(livenessProbe readinessProbe);

my $test = $cluster->start('Pod', '-test');
is($test->wait_end(60), 0, 'helm test: a packet is registered for, sent and delivered') or diag($test->log);
like($test->log, qr/^registered as weir-test$/m, 'it registers');
like($test->log, qr/^accepted \d+, routed \d+, delivered \d+$/m, 'it looks at what was delivered');
is(status()->{totals}{packets}, 10, 'its ten packets were');
is(weights(), $all, 'and it is gone again');
my $broken = $cluster->start('Pod', '-test', 0, INGEST => 'http://weir-admin:8081');
isnt($broken->wait_end(60), 0, 'helm test fails when packets are refused');
is(weights(), $all, 'and leaves nothing behind then either');

my $url = "http://$nodes[1]{ip}:8081/v1/analyzers/mine";
my %registration = (url => 'http://10.44.0.99:9001/ingest', weight => 1);
is(http(PUT => $url, \%registration)->{status}, 401, 'nobody registers without the token');
my $token = object($objects, 'Secret', '-tokens')->{stringData};
is(http(PATCH => "$url", { weight => 2 }, Authorization => "Bearer $token->{'register-token'}")->{status}, 401, 'nor steers with that one');
is(http(POST => "http://$nodes[1]{ip}:8080/ingest", { messages => [1] })->{status}, 202, 'agents need none, by default');

# What the notes of the release tell people to do, in the place of kubectl exec and port-forward.
my $notes = helm('install', 'weir', $Helm::chart, '--namespace', 'logs', '--dry-run=client', @values)->{out} =~ s/.*^NOTES:\n//msr;
my @exec = $notes =~ m{exec deployment/weir -- (.+)}g;
is(scalar @exec, 2, 'the notes name commands');
my $load = Weir::Process->start([ 'weir-loadgen', '--target', "http://$nodes[0]{ip}:8080,http://$nodes[1]{ip}:8080", '--rate', 1000, '--duration', '4s' ]);
for (map { s/10s/2s/r } @exec) {
    my $run = $cluster->exec($nodes[0], split / /);
    is($run->{status}, 0, "$_ works") or diag($run->{stdout}, $run->{stderr});
}
is($load->wait_end(20), 0, 'and all that was sent under it was accepted');
my ($curl) = $notes =~ m{^ +curl -i (.*)}m;
like($cluster->exec($nodes[0], 'sh', '-c', "curl -si $curl")->{stdout}, qr{^HTTP/1.1 202 }, 'and the first packet is accepted');

my $written = $cluster->exec($nodes[0], 'sh', '-c', 'touch /written /tmp/written');
like($written->{stderr}, qr{(?:Read-only file system.*){2}}s, 'no container writes to its image');
is($nodes[1]->end, 0, 'a node drains and ends well');
is($_->end, 0, $_->name . ' ends well') for @analyzers, $nodes[0], $redis;
done_testing;
