# Headers of analyzers that a node lists: they go to the URLs of its own lists alone, are read again, and are shown and stored nowhere.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Listed;
use Weir::Test;

alarm 200;
my $seen = folder() . '/seen';
my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    my %of = $Weir::FakeServer::head =~ /^(Authorization|X-Scope-OrgID|Content-Encoding): (.*)\r$/mg;
    open my $out, '>>', $seen or die "$seen: $!";
    print $out join(' ', $path, map { "$_=$of{$_}" } sort keys %of), "\n";
    return {};
});
sub seen ($path) { return -e $seen ? (slurp($seen) =~ /^\Q$path\E (.*)$/mg)[-1] // '' : '' }

my ($headers, $file) = (folder() . '/headers', folder() . '/analyzers.json');
my $addr = $server->url('') =~ s{http://}{}r;
write_whole($headers, "# of the log servers\na1=Authorization: Splunk secret-one\n\nlogs-*=X-Scope-OrgID: nobody\n");
write_whole($file, qq([{"targets":["$addr"],"labels":{"id":"logs-1","__path__":"/two/in","encoding":"gzip","headers":"X-Scope-OrgID: shop\\nAuthorization: Basic secret-two"}}]));
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--analyzer', "a1=http://$addr/one/in", '--analyzer-header-file', $headers, '--discover', "file:$file", '--probe-interval', '100ms' ]);
my $node = $cluster->node(1);
$cluster->wait_known(qw(a1 logs-1));
sub deliver () { http(POST => "http://$node->{ingest}/ingest", { messages => [ 'm' x 40 ] }) }
sub wait_seen ($path, $text) { wait_until { deliver(); seen($path) eq $text } 20, "$path $text"; return pass("$path gets $text") }

wait_seen('/one/in', 'Authorization=Splunk secret-one');
wait_seen('/one/health', 'Authorization=Splunk secret-one');
wait_seen('/two/in', 'Authorization=Basic secret-two Content-Encoding=gzip X-Scope-OrgID=nobody');
wait_seen('/two/health', 'Authorization=Basic secret-two X-Scope-OrgID=nobody');

write_whole($headers, "a1=Authorization: Splunk secret-three\n");
$node->signal('HUP');
wait_seen('/one/in', 'Authorization=Splunk secret-three');
wait_seen('/two/health', 'Authorization=Basic secret-two X-Scope-OrgID=shop');
write_whole($file, qq([{"targets":["$addr"],"labels":{"id":"logs-1","__path__":"/two/in","headers":"Authorization: Basic secret-four"}}]));
wait_seen('/two/health', 'Authorization=Basic secret-four');

# ---- an id that somebody else takes ----

is(http(PUT => "$node->{admin}/v1/analyzers/a1", { url => $server->url('/three/in'), weight => 1, ttl_ms => 600_000, replace => \1 })->{status}, 200, 'another process registers as a1');
wait_until { deliver(); -e $seen && slurp($seen) =~ m{^/three/in}m } 20, 'a delivery to it';
unlike(slurp($seen) =~ s{^/(?:one|two)/.*\n}{}mgr, qr/secret/, 'it gets none of the headers of the one that is listed');

# ---- what is shown ----

my ($shown) = grep { $_->{name} eq 'analyzer-header' } http(GET => "$node->{admin}/v1/config")->{json}{options}->@*;
is($shown->{value}, 'a1=Authorization: ********', 'the configuration shows names alone');
my $all = join "\n", $node->log, run('weirctl', '--redis', $cluster->redis->url, 'status')->{stdout}, map { http(GET => "$node->{admin}$_")->{content} } qw(/v1/config /v1/cluster /v1/analyzers /v1/overview /v1/events /metrics);
unlike($all, qr/secret-/, 'and nothing shows a value');
my $stored = join "\n", map { my $got = $cluster->redis->command('HGETALL', "weir:{default}:$_"); ref $got ? @$got : $got } qw(info kept);
like($stored, qr/logs-1/, 'Redis has the analyzers');
unlike($stored, qr/secret-/, 'without their headers');

for my $bad ('a1', 'a1=X-A', 'a1=Host: secret-five', "a1=X-A: secret-five\rx", 'a2=X-A: secret-five', 'a 1=X-A: secret-five') {
    my $run = run('weir-node', '--analyzer', 'a1=http://10.0.0.7:9001', '--analyzer-header', $bad, '--check-config');
    is($run->{status}, 2, 'what is no header of a listed analyzer is refused at the start');
    unlike($run->{stderr}, qr/secret-/, 'without its value');
}
done_testing;
