# A port of a test stays that of the test while its server is away: nobody who asks for any port is given it, nor is it
# taken by a connection. The server can start there again and again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use Test::More;
use Weir::Test;

alarm 300;

sub taken ($port, @options) { return !IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Proto => 'tcp', @options) }

my @ports = map { free_port } 1 .. 50;
is(scalar(grep { !taken($_) } @ports), 0, 'nobody else can bind a port that is held');
is(scalar(grep { !taken($_, Listen => 1) } @ports), 0, 'or listen on it');
is(scalar(grep { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_) } @ports), 0, 'a connection to it is refused while its server is away');
my %is_held = map { $_ => 1 } @ports;
is(keys %is_held, 50, 'no port is given twice');

for my $start (1 .. 3) {
    my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', "127.0.0.1:$ports[0]" ]);
    is($analyzer->wait_log(qr/msg=listening .*addr=(\S+)/), "127.0.0.1:$ports[0]", "start $start is at the same port");
    $analyzer->kill_now;
    ok(taken($ports[0]), 'which is held again when it is gone');
}
done_testing;
