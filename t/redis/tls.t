# TLS to Redis: with a certificate that is good, and the right one, everything works; with any other nothing does.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 600;

sub status ($url) { return run('weirctl', '--redis', $url, '--timeout', '2s', 'status') }

if (status('rediss://127.0.0.1:1')->{stderr} =~ /TLS .* built without/) {
    for my $refused (run('weirctl', '--redis', 'rediss://127.0.0.1:1', 'status'), run('weir-node', '--redis', 'rediss://127.0.0.1:1', '--listen', '127.0.0.1:0')) {
        isnt($refused->{status}, 0, 'a build without TLS refuses rediss://');
        like($refused->{stderr}, qr/rediss:\/\/ needs a hiredis with TLS/, 'and says why');
    }
    SKIP: { skip 'this build has no TLS to Redis: that needs hiredis 1.0 or newer, as in Debian 13', 1 }
    done_testing;
    exit;
}

# ---- an authority of our own, and another ----

my $dir = folder;

sub openssl (@arguments) {
    my $process = Weir::Process->start([ 'openssl', @arguments ]);
    ($process->wait_end(30) // 1) == 0 or die "openssl @arguments:\n" . $process->tail;
}

sub authority ($name) {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', 2, '-subj', "/CN=$name",
        '-keyout', "$dir/$name.key", '-out', "$dir/$name.pem");
}

# For the names, by the authority.
sub certificate ($name, $ca, $names) {
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', "/CN=$name", '-addext', "subjectAltName=$names",
        '-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
    openssl('x509', '-req', '-in', "$dir/$name.csr", '-CA', "$dir/$ca.pem", '-CAkey', "$dir/$ca.key", '-days', 2, '-copy_extensions', 'copy',
        '-out', "$dir/$name.pem");
}
authority($_) for qw(ours another);
certificate('server', 'ours', 'DNS:localhost,IP:127.0.0.1');
certificate('elsewhere', 'ours', 'DNS:redis.example.org,IP:127.0.0.9');
certificate('client', 'ours', 'DNS:weir');

my ($port, $sentinel_port, $sni_port) = (free_port, free_port, free_port);

sub tls_options ($server) {
    return map { ("--tls-$_->[0]" => $_->[1]) } [ port => $port ], [ 'cert-file' => "$dir/$server.pem" ], [ 'key-file' => "$dir/$server.key" ],
        [ 'ca-cert-file' => "$dir/ours.pem" ], [ 'auth-clients' => 'optional' ];
}
my $redis = Weir::Redis->new(arguments => [ tls_options('server') ]);
my $ca = "ca=$dir/ours.pem";

# ---- whom it believes ----

is(status("rediss://localhost:$port/0?$ca")->{status}, 0, 'a name in the certificate is believed');
is(status("rediss://127.0.0.1:$port?$ca")->{status}, 0, 'and so is an address in it');
my %refused = (
    'of an authority nobody knows' => [ "rediss://localhost:$port", qr/certificate is refused: (?:unable to get|self-signed)/ ],
    'of another authority' => [ "rediss://localhost:$port?ca=$dir/another.pem", qr/certificate is refused: (?:unable to get|self-signed)/ ],
    'of a server without TLS' => [ 'rediss://127.0.0.1:' . $redis->port . "?$ca", qr/no answer to TLS|TLS: wrong version/ ],
);
for my $case (sort keys %refused) {
    my $run = status($refused{$case}[0]);
    is($run->{status}, 1, "refused: $case");
    like($run->{stderr}, $refused{$case}[1], 'with the reason');
}
{
    my $node = Weir::Process->start([ 'weir-node', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--redis', "rediss://localhost:$port" ]);
    $node->wait_log(qr/msg="not connected" .*link=\S+\/0 reason="(its certificate is refused: \S+)/);
    pass('a node logs the same reason, for each link');
    $node->end;
    local $ENV{SSL_CERT_FILE} = "$dir/ours.pem";
    is(status("rediss://localhost:$port")->{status}, 0, "without ca= the system's certificates count");
}
for my $bad ([ ca => '/nowhere.pem' ], [ cert => "$dir/ours.key" ], [ key => "$dir/nothing" ]) {
    my $run = status("rediss://localhost:$port?$bad->[0]=$bad->[1]");
    is($run->{status}, 2, "$bad->[0] must be a file of its kind");
    like($run->{stderr}, qr/--redis: $bad->[0]=\Q$bad->[1]\E: /, 'which is named');
}

$redis->command('CONFIG', 'SET', 'tls-auth-clients', 'yes');
my $run = status("rediss://localhost:$port?$ca");
is($run->{status}, 1, 'a server that wants a certificate of its clients refuses those without');
like($run->{stderr}, qr/TLS: .*certificate required|Connection reset|closed/, 'and they say so');
is(status("rediss://localhost:$port?$ca&cert=$dir/client.pem&key=$dir/client.key")->{status}, 0, 'and takes those with one');
$redis->command('CONFIG', 'SET', 'tls-auth-clients', 'optional');

$redis->command('CONFIG', 'SET', 'tls-cert-file', "$dir/elsewhere.pem", 'tls-key-file', "$dir/elsewhere.key");
like(status("rediss://localhost:$port?$ca")->{stderr}, qr/certificate is refused: hostname mismatch/i, 'a certificate of another name is refused');
like(status("rediss://127.0.0.1:$port?$ca")->{stderr}, qr/certificate is refused: IP address mismatch/i, 'and so is one of another address');
$redis->command('CONFIG', 'SET', 'tls-cert-file', "$dir/server.pem", 'tls-key-file', "$dir/server.key");

# It shows the right certificate to those alone that ask for the name. It is no Redis.
my $choosy = <<~'END';
    import socket, ssl, sys
    folder, port = sys.argv[1:]
    def context(name):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(f'{folder}/{name}.pem', f'{folder}/{name}.key')
        return made
    elsewhere, server = context('elsewhere'), context('server')
    def choose(connection, name, _):
        if name == 'localhost':
            connection.context = server
    elsewhere.sni_callback = choose
    listener = socket.create_server(('127.0.0.1', int(port)))
    while True:
        with elsewhere.wrap_socket(listener.accept()[0], server_side=True) as connection:
            while connection.recv(65536):
                connection.sendall(b'-ERR this is no Redis\r\n')
    END
my $server = Weir::Process->start([ 'python3', '-c', $choosy, $dir, $sni_port ], name => 'a server of many names');
my $told;
wait_until { ($told = status("rediss://localhost:$sni_port?$ca")->{stderr}) !~ /Connection refused/ } 10, 'a server of many names';
like($told, qr/this is no Redis/, 'the server is told which name is meant');
$server->signal('TERM');

# ---- and then it works as any other ----

{
    no warnings 'redefine';
    local *Weir::Redis::url = sub ($self) { "rediss://localhost:$port/0?$ca" };
    my $cluster = Weir::Cluster->start(nodes => 2, redis => $redis);
    my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0);
    my $n = sub { my $n = 0; $n += $_ for values %{ $cluster->counts('delivered') }; $n };
    wait_until { $n->() >= 10_000 } 20, 'the load is on';
    $redis->kill_now;
    $redis->start or die "it does not come up\n";
    wait_until { (eval { $n->() } // 0) >= 10_000 } 20, 'Redis to be found again';
    $load->signal('INT');
    my $report = $cluster->finish_load($load);
    is($report->{status}, 0, 'under load, and while Redis restarts, no agent sees an error');
    my $times = $cluster->recorded;
    is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], 'and nothing is lost');

    $_->end for values %{ $cluster->{analyzers} };
    my $spilled = $cluster->load(count => 200, rate => 500, messages => 20, bytes => 5000, connections => 20);
    is($spilled->{status}, 0, 'packets of 100 KB go to the spill');
    $cluster->start_analyzer(a1 => 1);
    wait_until { $redis->command(XLEN => 'weir:{default}:spill') == 0 } 30, 'the spill to be empty';
    $times = $cluster->recorded;
    is_deeply([ grep { !$times->{$_} } @{ $spilled->{acked} } ], [], 'and come out whole');
    is($_->end, 0, $_->name . ' ends well') for $cluster->nodes;
}

# ---- sentinels too ----

open my $file, '>', "$dir/sentinel.conf" or die "sentinel.conf: $!";
print $file "port 0\ntls-port $sentinel_port\nbind 127.0.0.1\ndir $dir\ntls-replication yes\ntls-auth-clients no\ntls-ca-cert-file $dir/ours.pem\n",
    "tls-cert-file $dir/server.pem\ntls-key-file $dir/server.key\nsentinel monitor mymaster 127.0.0.1 $port 1\n";
close $file or die "sentinel.conf: $!";
my $sentinel = Weir::Process->start([ Weir::Redis::program(), "$dir/sentinel.conf", '--sentinel' ], name => 'sentinel');
wait_until { $run = status("rediss+sentinel://localhost:$sentinel_port/mymaster?$ca"); $run->{status} == 0 } 10, 'a sentinel with TLS to tell where Redis is';
like(status("rediss+sentinel://localhost:$sentinel_port/mymaster")->{stderr}, qr/^weirctl: .*sentinel localhost:\d+: its certificate is refused/,
    'a sentinel whose certificate is not known is not believed');

done_testing;
