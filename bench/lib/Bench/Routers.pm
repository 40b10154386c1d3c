package Bench::Routers;

# What takes packets and hands them to analyzers: HAProxy and nginx as people would set them up for that,
# and Weir. Each on one core, by weights, with connections kept on both sides.
#
#   my $router = Bench::Routers::start(haproxy => { analyzers => [ [ '127.0.0.1:9001', 50 ], ... ] });
#   $router->{addr}, $router->{h2_addr}, $router->{process}
use v5.36;
use Bench::Prepare;
use Bench::Process qw(folder free_port wait_until);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP qw(decode_json encode_json);
use Time::HiRes qw(sleep time);

use constant PACKET => '{"id":"first","messages":[{"msg":"the first packet"}]}';

my %starter = (haproxy => \&_haproxy, nginx => \&_nginx, weir => \&_weir, floor => \&_floor);

# Comes back once it is listening. Options: analyzers, [address, weight] each; threads [1], processes of nginx; for weir:
# redis (its URL), pool, node_id, node (further options of weir-node), under (a command that runs it), bin_dir (of another build).
sub start ($kind, $options) { return $starter{$kind}->($options) }

sub _config ($name, $text) {
    state $n = 0;
    my $path = sprintf '%s/%s.%d.cfg', folder, $name, ++$n;
    open my $file, '>', $path or die "$path: $!\n";
    print $file $text;
    close $file;
    return $path;
}

# A certificate of its own, and its key: {cert, key, pem (both)}.
sub certificate () {
    my %files = map { $_ => folder . "/tls.$_" } qw(cert key pem);
    Bench::Process->start([ 'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', 2, '-subj', '/CN=bench',
        '-keyout', $files{key}, '-out', $files{cert}, '-batch' ], name => 'openssl', may_end => 1)->wait_end(30) == 0 or die "openssl makes no certificate\n";
    open my $pem, '>', $files{pem} or die "$files{pem}: $!\n";
    for my $part (qw(cert key)) {
        open my $file, '<', $files{$part} or die "$files{$part}: $!\n";
        print {$pem} readline $file;
    }
    close $pem;
    return \%files;
}

sub is_listening ($addr) { return IO::Socket::INET->new(PeerAddr => $addr, Proto => 'tcp') }

sub _listening ($process, $addr, $h2_addr, $tls_addr = undef) {
    wait_until { $process->check && is_listening($addr) } 10, "$process->{name} to listen";
    return { process => $process, addr => $addr, h2_addr => $h2_addr, tls_addr => $tls_addr };
}

sub _floor ($options) {
    my $process = Bench::Process->start([ 'weir-bench-sink' ], name => 'floor');
    return { process => $process, addr => $process->wait_log(qr/addr=(\S+)/) };
}

sub _haproxy ($options) {
    my $addr = '127.0.0.1:' . free_port;
    my ($n, $servers, $h2_addr) = (0, '', '127.0.0.1:' . free_port);
    my ($tls, $tls_addr) = ($options->{tls}, '127.0.0.1:' . free_port);
    my $tls_bind = $tls ? "bind $tls_addr ssl crt $tls->{pem}" : '';
    $servers .= sprintf "  server a%d %s weight %d\n", ++$n, @$_ for $options->{analyzers}->@*;
    my $threads = $options->{threads} // 1;
    my $path = _config(haproxy => <<~"END" . $servers);
        global
          nbthread $threads
          maxconn 12000
          no strict-limits
        defaults
          mode http
          timeout connect 5s
          timeout client 75s
          timeout server 30s
          option http-keep-alive
        frontend packets
          bind $addr
          bind $h2_addr proto h2
          $tls_bind
          default_backend analyzers
        backend analyzers
          balance roundrobin
          http-reuse always
        END
    return _listening(Bench::Process->start([ 'haproxy', '-db', '-q', '-f', $path ]), $addr, $h2_addr, $tls && $tls_addr);
}

sub _nginx ($options) {
    my ($addr, $h2_addr, $dir) = ('127.0.0.1:' . free_port, '127.0.0.1:' . free_port, folder);
    my $servers = join '', map { sprintf 'server %s weight=%d; ', @$_ } $options->{analyzers}->@*;
    my ($tls, $tls_addr) = ($options->{tls}, '127.0.0.1:' . free_port);
    my $tls_listen = $tls ? "listen $tls_addr ssl backlog=4096; ssl_certificate $tls->{cert}; ssl_certificate_key $tls->{key}; ssl_protocols TLSv1.2 TLSv1.3;" : '';
    my $user = $> == 0 ? 'user root;' : '';
    my $temporary = join '', map { "${_}_temp_path $dir/nginx.$_; " } qw(client_body proxy fastcgi uwsgi scgi);
    my $processes = $options->{threads} // 1;
    my $path = _config(nginx => <<~"END");
        $user
        daemon off;
        worker_processes $processes;
        pid $dir/nginx.$addr.pid;
        error_log stderr crit;
        events { worker_connections 16384; }
        http {
          access_log off;
          $temporary
          keepalive_timeout 75s;
          keepalive_requests 1000000000;
          client_body_buffer_size 1m;
          client_max_body_size 64m;
          upstream analyzers { ${servers}keepalive 512; keepalive_requests 1000000000; }
          server {
            listen $addr backlog=4096;
            listen $h2_addr http2 backlog=4096;
            $tls_listen
            location / {
              proxy_pass http://analyzers;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
            }
          }
        }
        END
    return _listening(Bench::Process->start([ 'nginx', '-e', 'stderr', '-c', $path ]), $addr, $h2_addr, $tls && $tls_addr);
}

sub _weir ($options) {
    my $tls = $options->{tls};
    my @tls = $tls ? ('--listen-tls', '127.0.0.1:0', '--tls-cert', $tls->{cert}, '--tls-key', $tls->{key}) : ();
    my $process = Bench::Process->start([ ($options->{under} // [])->@*, ($options->{bin_dir} // Bench::Prepare::bin_dir()) . '/weir-node', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0',
        '--redis', $options->{redis}, '--pool', $options->{pool}, '--node-id', $options->{node_id} // 'n1', '--workers', $options->{threads} // 1,
        '--max-connections', 20000, '--max-connections-per-address', 20000, '--drain-delay', '0ms', @tls, ($options->{node} // [])->@* ], name => 'weir-node');
    my $addr = $process->wait_log(qr/component=node msg=listening .*addr=(\S+)/);
    my $admin = 'http://' . $process->wait_log(qr/component=admin msg=listening .*addr=(\S+)/);
    my $tls_addr = $tls && $process->wait_log(qr/component=node msg="listening with TLS" .*addr=(\S+)/);
    return { process => $process, addr => $addr, h2_addr => $addr, tls_addr => $tls_addr, admin => $admin };
}

# Registers the analyzers at a node, or keeps them there: a lease lasts ten minutes at most. More: accepts.
sub register ($node, $analyzers, %more) {
    state $http = HTTP::Tiny->new(timeout => 10);
    my $n = 0;
    for (@$analyzers) {
        my ($addr, $weight) = @$_;
        my $body = encode_json({ url => "http://$addr/ingest", weight => $weight, ttl_ms => 600_000, %more });
        my $answer = $http->put(sprintf('%s/v1/analyzers/a%d', $node->{admin}, ++$n), { content => $body });
        die "register: $answer->{status} $answer->{content}\n" if !$answer->{success};
    }
    wait_known($node, $n);
}

# Packets that a node has accepted.
sub accepted ($node) {
    state $http = HTTP::Tiny->new(timeout => 10);
    return ($http->get("$node->{admin}/metrics")->{content} =~ /^weir_accepted_packets_total (\d+)/m)[0] // die "no metrics: $node->{admin}\n";
}

# The node can send to that many analyzers.
sub wait_known ($node, $n) {
    my %known;
    wait_until { %known = map { $_ => 1 } $node->{process}->log =~ /msg="analyzer known" .*analyzer=(\S+)/g; keys %known >= $n }
        10, 'the node to know its analyzers';
}

# Sends a packet over a connection of its own until it is accepted; the seconds since the start of the process.
sub first_answer ($router) {
    my $request = "POST /ingest HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
        . length(PACKET) . "\r\n\r\n" . PACKET;
    my $since = $router->{process}->started;
    for (my $deadline = time + 10; time < $deadline; sleep 0.0005) {
        my $socket = is_listening($router->{addr}) or next;
        print $socket $request;
        my $line = readline($socket) // '';
        return time - $since if $line =~ m{^HTTP/1\.1 2};
    }
    die "$router->{process}{name}: nothing was accepted within 10 s\n" . $router->{process}->log;
}

1;
