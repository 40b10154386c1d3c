# weir-loadgen --control is an emitter: it sends what it is told over HTTP, and says what it did.
use v5.36;
use FindBin qw($Bin);
use IO::Socket::INET;
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);
use Weir::FakeServer;
use Weir::Test;

alarm 300;
my $binary = ($ENV{WEIR_BIN} // "$Bin/../../build/bin") . '/weir-loadgen';
my $server = Weir::FakeServer->start(sub { {} });
my $n = 0;

# An emitter, and where it is.
sub emitter (@options) {
    my $report = sprintf '%s/emitter.%d', folder, ++$n;
    my $emitter = Weir::Process->start([ $binary, '--json', '--control', '127.0.0.1:0', '--target', $server->url, '--messages', '1-9', @options ],
        name => "emitter$n", stdout => $report);
    $emitter->{report} = $report;
    wait_until { $emitter->log =~ /msg=listening addr=(\S+)/ and $emitter->{url} = "http://$1" } 10, 'the control port';
    return $emitter;
}

sub ask ($emitter, $method, $path, @more) {
    my $response = http($method => "$emitter->{url}$path", @more);
    return ($response->{status}, $response->{json} // {});
}
sub stats ($emitter) { return (ask($emitter, GET => '/stats'))[1] }
sub status ($emitter, @request) { return (ask($emitter, @request))[0] }

{
    my $emitter = emitter('--rate', 50, '--format', 'ndjson');
    is_deeply([ ask($emitter, GET => '/health') ], [ 200, { status => 'up' } ], 'it is well');
    my $stats = stats($emitter);
    is("$stats->{status} $stats->{rate} $stats->{format} $stats->{sent}{packets}", 'stopped 50 json-lines 0', 'and sends nothing until it is told');
    my ($status, $answer) = ask($emitter, POST => '/generate', { messages => 1234 });
    is("$status $answer->{messages}", '202 1234', 'messages are ordered');
    wait_until { stats($emitter)->{accepted}{messages} == 1234 } 20, 'all of them accepted';
    is(stats($emitter)->{sent}{messages}, 1234, 'exactly as many are sent');
    my $lines = () = map { split /\n/ } $server->bodies;
    is($lines, 1234, 'and that is what the server got');

    (undef, $answer) = ask($emitter, POST => '/start', { rate => 200 });
    is("$answer->{status} $answer->{rate}", 'running 200', 'it is started, at a rate');
    wait_until { stats($emitter)->{packets_per_s} > 100 } 20, 'a rate near that';
    (undef, $answer) = ask($emitter, PATCH => '/rate', { rate => 0.001 });
    is($answer->{rate}, 0.001, 'the rate is changed while it runs');
    wait_until { my $s = stats($emitter); $s->{packets_per_s} == 0 && !$s->{in_flight} } 20, 'next to nothing being sent';
    ($status, $answer) = ask($emitter, POST => '/stop');
    is("$status $answer->{status}", '200 stopped', 'and it is stopped');
    $stats = stats($emitter);
    is($stats->{accepted}{messages}, $stats->{sent}{messages}, 'all that was sent was accepted');
    ok($stats->{latency_us}{p50} > 0 && $stats->{latency_us}{p99} <= $stats->{latency_us}{max}, 'within some time');

    for my $wrong ([ PATCH => '/rate', {} ], [ PATCH => '/rate', { rate => 0 } ], [ POST => '/start', { rate => 'fast' } ], [ POST => '/generate', { messages => 1.5 } ]) {
        is(status($emitter, @$wrong), 400, "refused: @$wrong[0, 1]");
    }
    is(status($emitter, POST => '/generate', { messages => 1, more => 'x' x 2000 }), 413, 'refused: a body that is too large');
    is(status($emitter, GET => '/start'), 405, 'a command is no GET');
    is(status($emitter, GET => '/nothing'), 404, 'and there is nothing else');
    is(http(POST => "$emitter->{url}/start", undef, Origin => 'http://evil.example')->{status}, 403, 'pages from elsewhere start nothing');
    my $page = http(GET => "$emitter->{url}/");
    like($page->{headers}{'content-security-policy'}, qr/default-src 'none'; script-src 'self'/, 'the page may run its own scripts alone');
    $emitter->signal('TERM');
    is($emitter->wait_end, 0, 'SIGTERM ends it');
    my $report = decode_json(slurp($emitter->{report}));
    is($report->{accepted}{messages}, $stats->{accepted}{messages}, 'with a report of all that it did');
}
# civetweb has IPv6 or not, as the system has built it: either way the emitter listens where it says.
{
    my $emitter = emitter('--insecure', '--control', '[::]:0');
    my ($port) = $emitter->{url} =~ m{^http://(?:0\.0\.0\.0|\[::\]):(\d+)$};
    ok($port, "any address is $emitter->{url}");
    $emitter->{url} = "http://127.0.0.1:$port";
    is(status($emitter, GET => '/health'), 200, '... which is reached by IPv4');
}
{
    my $emitter = Weir::Process->start([ $binary, '--control', '[::1]:0', '--target', $server->url ], name => 'emitter6', may_end => 1);
    wait_until { $emitter->log =~ /msg=listening addr=|msg="cannot listen"/ } 10, 'the control port or a refusal';
    my ($addr) = $emitter->log =~ /msg=listening addr=(\[::1\]:\d+)/;
    is($addr ? http(GET => "http://$addr/health")->{status} : $emitter->wait_end(10), $addr ? 200 : 1, 'an address of IPv6 is listened on, or is refused');
    $emitter->end if $addr;
}
{
    my $emitter = emitter('--control-token', 'let-me-in-1f2e3d');
    is(status($emitter, POST => '/start'), 401, 'with a token, commands have to come with it');
    for my $path (qw(/start /nowhere)) { # as browsers do on a busy machine
        local $SIG{PIPE} = 'IGNORE';
        my $socket = IO::Socket::INET->new(PeerAddr => $emitter->{url} =~ s{^http://}{}r) or die "connect: $@";
        my @pieces = ("POST $path HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n", '{"rate"', ':1', '0}');
        my $writes = grep { sleep 0.1; syswrite $socket, $_ } @pieces;
        my ($status) = (do { local $/; readline $socket } // '') =~ m{^HTTP/1\.1 (\d+)};
        is("$writes " . ($status // 'none'), $path eq '/start' ? '4 401' : '4 404', "a body that comes late is taken before $path is refused");
    }
    is(http(POST => "$emitter->{url}/start", undef, Authorization => 'Bearer let-me-in-1f2e3d')->{status}, 200, 'and then are obeyed');
    is(status($emitter, GET => '/stats'), 200, 'to look needs none');
}
for my $wrong ([ '--control', '0.0.0.0:0' ], [ '--control', '127.0.0.1:0', '--count', 5 ], [ '--control', 'nowhere' ]) {
    my $process = Weir::Process->start([ $binary, '--target', $server->url, @$wrong ], name => 'refused');
    is($process->wait_end, 2, "refused: @$wrong");
}
done_testing;
