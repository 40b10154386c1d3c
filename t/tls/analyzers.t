# Everything by TLS: analyzers register, are probed and delivered to, load comes and weirctl asks; and no certificate is believed that should not be.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 600;
my $ca = Weir::Certificates->new('ours');
my $strangers = Weir::Certificates->new('strangers');
my @server = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');
my @node_client = $ca->make('node-1');
my @agent = $ca->make('agent-7');
sub pair ($prefix, @files) { return ("--${prefix}cert" => $files[0], "--${prefix}key" => $files[1]) }

my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--listen-tls', '127.0.0.1:0', '--admin-listen-tls', '127.0.0.1:0', pair('tls-', @server),
    '--tls-client-ca', $ca->file, '--admin-tls-client-ca', $ca->file, '--deliver-ca', $ca->file, pair('deliver-', @node_client) ]);
my $node = $cluster->node(1);
my $ingest = 'https://' . $node->wait_log(qr/component=node msg="listening with TLS" .*addr=(\S+)/);
my $admin = 'https://' . $node->wait_log(qr/component=admin msg="listening with TLS" .*addr=(\S+)/);
my @trust = ('--ca', $ca->file);

sub analyzer ($id, $certificate, @more) {
    my $record = folder . "/$id.record";
    push @{ $cluster->{records} }, [ $id, $record ];
    return Weir::Process->start([ 'weir-analyzer', '--id', $id, '--listen', '127.0.0.1:0', '--listen-tls', '127.0.0.1:0', pair('tls-', @$certificate), '--tls-client-ca', $ca->file,
        '--record', $record, @more ], name => $id, may_end => 1);
}
my $a1 = analyzer('a1', \@server, '--register', $admin, @trust, pair('', @agent));
$cluster->wait_known('a1');
is(http(GET => "$node->{admin}/v1/analyzers/a1")->{json}{url} =~ s/:\d+//r, 'https://127.0.0.1/ingest', 'an analyzer registers its https:// URL, by TLS');

my $load = $cluster->load(target => $ingest, ca => $ca->file, cert => $agent[0], key => $agent[1], count => 500, rate => 0, connections => 8);
is($load->{status}, 0, 'a load by TLS is accepted');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $load->{acked} } ], [], 'and each packet is delivered by TLS once');

like(run('weirctl', '--admin', $admin, @trust, pair('', @agent), 'status')->{stdout}, qr/a1/, 'weirctl asks by TLS');
like(run('weirctl', '--admin', $admin, pair('', @agent), 'status')->{stderr}, qr/certificate/, 'and refuses an authority that it does not know');
isnt(run('weirctl', '--admin', $admin, @trust, 'status')->{status}, 0, 'without a certificate of its own it is refused');

# ---- a server that a sidecar registers ----

my $server = analyzer('s1', \@server);
my $sidecar_of = sub ($name, @more) {
    my $addr = $server->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
    return Weir::Process->start([ 'weir-sidecar', '--id', 's1', '--url', "https://$addr/ingest", '--health', "https://$addr/health", '--health-interval', '100ms', '--register', $admin, pair('', @agent), @more ], name => $name, may_end => 1);
};
my $wary = $sidecar_of->('wary sidecar', '--ca', $strangers->file);
$wary->wait_log(qr/certificate|SSL/i);
is($wary->end, 0, 'a sidecar that does not know the authority says so');
is(http(GET => "$node->{admin}/v1/analyzers/s1")->{status}, 404, 'and registers nothing');
my $sidecar = $sidecar_of->('sidecar', @trust);
$cluster->wait_known('s1');
pass('a sidecar registers a server by TLS, once it is well by TLS');
is($sidecar->end, 0, 'it ends well');

# ---- who is not believed ----

my $other = $cluster->load(target => $ingest, cert => $agent[0], key => $agent[1], count => 5, connections => 1);
isnt($other->{status}, 0, 'weir-loadgen refuses an authority that it does not know');
my %wrong = (
    a2 => [ 'of strangers', $strangers->make('a2', names => 'IP:127.0.0.1') ],
    a3 => [ 'that has expired', $ca->make('a3', names => 'IP:127.0.0.1', from => -9, until => -1) ],
    a4 => [ 'for another host', $ca->make('a4', names => 'DNS:elsewhere.example.com') ],
);
for my $id (sort keys %wrong) {
    my ($what, @files) = @{ $wrong{$id} };
    $wrong{$id} = analyzer($id, \@files);
    my $addr = $wrong{$id}->wait_log(qr/msg="listening with TLS" .*addr=(\S+)/);
    is(http(PUT => "$node->{admin}/v1/analyzers/$id", { url => "https://$addr/ingest", weight => 1, ttl_ms => 600000 })->{status}, 201, "an analyzer is registered, with a certificate $what");
    $node->wait_log(qr/analyzer=$id .*TLS: its certificate is refused: /);
    pass('it is refused, and the log says so');
}
my $more = $cluster->load(target => $ingest, ca => $ca->file, cert => $agent[0], key => $agent[1], count => 200, rate => 0, connections => 4);
$times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $more->{acked} } ], [], 'and nothing is lost meanwhile');
is($_->end, 0, $_->name . ' ends well') for $a1, $server, $node;
done_testing;
