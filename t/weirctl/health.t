# weirctl health asks a program whether it is well: the health check of our images, which have no curl.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::FakeServer;
use Weir::Test;

alarm 300;
my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    return { hang => 1 } if $path eq '/hangs';
    return { drop => 1 } if $path eq '/drops';
    return { raw => "SSH-2.0-x\r\n\r\n" } if $path eq '/ssh';
    return { status => $1 } if $path =~ m{^/(\d+)\?};
    return { status => 404 };
});

sub health (@arguments) { return run('weirctl', 'health', @arguments) }

# Exit status and the one line.
sub says ($arguments, $status, $line, $title) {
    my $run = health(@$arguments);
    is($run->{status}, $status, $title);
    is($status ? $run->{stderr} : $run->{stdout}, "$line\n", 'and says so in one line');
}

for my $code (200, 204) {
    says([ $server->url("/$code?a=b") ], 0, $server->url("/$code?a=b") . ": healthy: answered $code", "$code is health");
}
for my $code (302, 404, 500, 503) {
    says([ $server->url("/$code?") ], 1, 'weirctl: ' . $server->url("/$code?") . ": not healthy: answered $code", "$code is not");
}
says([ $server->url('/drops') ], 1, 'weirctl: ' . $server->url('/drops') . ': closed without an answer', 'nor is silence');
says([ $server->url('/ssh') ], 1, 'weirctl: ' . $server->url('/ssh') . ': what it answers is not HTTP', 'nor another protocol');
says([ $server->url('/hangs'), '--timeout', '200ms' ], 1, 'weirctl: ' . $server->url('/hangs') . ': no answer within 200 ms',
    'nor an answer that does not come in time');
my $nobody = 'http://127.0.0.1:' . free_port . '/readyz';
says([$nobody], 1, "weirctl: $nobody: no connection: Connection refused", 'nor a closed port');

is(health(@$_)->{status}, 2, "wrong usage: health @$_") for [], ['a', 'b'], ['ftp://x/'], ['https://127.0.0.1/'], ['http://'],
    ['http://127.0.0.1:1/', '--redis', 'redis://127.0.0.1'];
is(health('--help')->{status}, 0, 'it has help');

# the programs that it is made for; without Redis, which it does not need
my $node = Weir::Process->start([ 'weir-node', '--redis', 'redis://127.0.0.1:' . free_port, '--listen', '127.0.0.1:0',
    '--admin-listen', '127.0.0.1:0' ], name => 'node');
my $addr = $node->wait_log(qr/msg=listening [^\n]*\baddr=(127\S+)/);
is(health("http://$addr/livez")->{status}, 0, 'a node without Redis lives');
like(health("http://$addr/readyz")->{stderr}, qr/not healthy: answered 503/, 'and is not ready');
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0' ], name => 'a1');
my $at = $analyzer->wait_log(qr/msg=listening [^\n]*\baddr=(127\S+)/);
is(health("http://$at/health")->{status}, 0, 'an analyzer is well');
http(POST => "http://$at/disable");
is(health("http://$at/health")->{status}, 1, 'until it is disabled');
done_testing;
