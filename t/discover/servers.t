# Servers that know nothing of Weir as analyzers, each by another way: nginx by an option, a Python server by a file,
# weir-analyzer by its sidecar. The shares are right, and nothing is lost while each of them starts again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use IO::Socket::INET;
use Test::More;
use Weir::Cluster;
use Weir::Listed;
use Weir::Test;

alarm 250;
my ($nginx_program) = grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan skip_all => 'there is no nginx, or no python3' if !$nginx_program || !grep { -x "$_/python3" } split /:/, $ENV{PATH};
my ($folder, %port, %process) = (folder, map { $_ => free_port } qw(nginx python sidecar));

# Each server writes down how many messages a delivery had, before it answers or when it has.
write_whole("$folder/nginx.conf", <<"END");
daemon off; master_process off; error_log $folder/nginx.error; pid $folder/nginx.pid;
events {}
http {
  log_format messages '\$http_weir_messages';
  client_body_temp_path $folder/nginx.body; proxy_temp_path $folder/nginx.proxy; fastcgi_temp_path $folder/nginx.fast; uwsgi_temp_path $folder/nginx.uwsgi; scgi_temp_path $folder/nginx.scgi;
  keepalive_requests 100000;
  server { listen 127.0.0.1:$port{nginx}; access_log off; location = /ingest { access_log $folder/nginx.messages messages; return 200; } }
}
END
write_whole("$folder/server.py", <<'END');
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "a") as file:
            file.write(self.headers["Weir-Messages"] + "\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer.request_queue_size = 128
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
my $record = 0;
my ($cluster, %start);
%start = (
    nginx => sub { [ $nginx_program, '-c', "$folder/nginx.conf", '-p', $folder ] },
    python => sub { [ 'python3', "$folder/server.py", $port{python}, "$folder/python.messages" ] },
    sidecar => sub { $record++; [ 'weir-sidecar', '--id', 'sidecar', '--url', "http://127.0.0.1:$port{sidecar}/ingest", '--register', $cluster->node(1)->{admin}, '--health', "http://127.0.0.1:$port{sidecar}/health",
        '--health-interval', '100ms', '--weight', 1, '--', Weir::Test::program_path('weir-analyzer'), '--id', 'inner', '--listen', "127.0.0.1:$port{sidecar}", '--record', "$folder/inner.$record.record" ] },
);
sub run_server ($name) { $process{$name} = Weir::Process->start($start{$name}->(), name => $name, may_end => 1) }
sub answers ($name) { return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port{$name}") }
run_server($_) for qw(nginx python);
for my $name (qw(nginx python)) { wait_until { answers($name) } 20, "$name to answer" }
write_whole("$folder/list.json", qq([{"targets":["127.0.0.1:$port{python}"],"labels":{"id":"python","weight":"2"}}]));
$cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => [ '--analyzer', "nginx=http://127.0.0.1:$port{nginx}/ingest*3", '--discover', "file:$folder/list.json", '--probe-interval', '200ms' ]);
run_server('sidecar');
$cluster->wait_known(qw(nginx python sidecar));
wait_until { sources_of($cluster) eq "nginx:static python:file $folder/list.json sidecar:registered" } 10, 'all three';
my %weights = (nginx => 3, python => 2, sidecar => 1);

# What a slow server could not take at once is owed to it, and comes with the next packets.
my ($report, $errors, $n_messages);
for my $round (1 .. 5) {
    $report = $cluster->load(rate => 500, duration => 2, messages => 5);
    last if $report->{status};
    $n_messages += 500 * 2 * 5;
    $errors = $cluster->errors(\%weights);
    last if Weir::Cluster::worst($errors) / $n_messages < 0.005;
}
is($report->{status}, 0, 'packets are taken');
cmp_ok(Weir::Cluster::worst($errors) / $n_messages, '<', 0.005, 'each server has its share, within half a percent') or diag(explain($errors, [ map { "$_->{id} $_->{credit} $_->{routed} $_->{forgiven}" } @{ $cluster->cluster->{analyzers} } ]));

my $load = $cluster->begin_load(rate => 300, duration => 8, messages => 5);
for my $name (qw(nginx python sidecar)) {
    $process{$name}->signal('TERM');
    ok(defined $process{$name}->wait_end, "$name ends under load");
    run_server($name);
    wait_until { answers($name) } 10, "$name to answer";
    wait_until { my $a = listed($cluster)->{$name}; $a && $a->{health} eq 'up' && $a->{share} > 0 } 15, "$name to be back";
}
$report = $cluster->finish_load($load);
is($report->{status}, 0, 'agents notice nothing of it');
wait_until { my $c = $cluster->cluster; $c->{spill}{packets} == 0 && $c->{accounts}{in_flight}{packets} == 0 } 20, 'all packets to have arrived';
my $accounts = $cluster->cluster->{accounts};
is("$accounts->{lost}{packets} $accounts->{refused}{packets} $accounts->{dead}{packets}", '0 0 0', 'nothing is lost or refused');
is($accounts->{delivered}{packets}, $accounts->{received}{packets}, 'all that came was delivered');
my $delivered = $cluster->counts('delivered');
for my $name (qw(nginx python)) {
    my $got = sum0 split /\n/, slurp("$folder/$name.messages");
    cmp_ok($got, '>=', $delivered->{$name}, "$name has all that it acknowledged, by its own log");
}
my $inner = sum0 map { scalar(() = slurp($_) =~ /^./mg) } glob "$folder/inner.*.record";
my ($sidecar) = grep { $_->{id} eq 'sidecar' } @{ $cluster->cluster->{analyzers} };
cmp_ok($inner, '>=', $sidecar->{delivered_packets}, 'and so has weir-analyzer behind its sidecar');
done_testing;
