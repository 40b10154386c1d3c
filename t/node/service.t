# What a service manager such as systemd is told: ready, alive, reloading, stopping. And the sockets that it opens for us.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Fcntl qw(F_SETFD);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Weir::Raw;
use Weir::Test qw(:DEFAULT program_path);

alarm 300;
my $path = folder . '/notify';
my $manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!\n";
$ENV{NOTIFY_SOCKET} = $path;
$ENV{WATCHDOG_USEC} = 400_000;

# The next message that is none of those that only say that it is alive.
sub told ($is_alive_too = 0) {
    while (IO::Select->new($manager)->can_read(30)) {
        $manager->recv(my $message, 1000) // die "recv: $!\n";
        return $message if $is_alive_too || $message ne 'WATCHDOG=1';
    }
    return 'nothing within 30 s';
}

sub says ($process, $is_watched) {
    my $name = $process->name;
    is(told, 'READY=1', "$name says when it is ready");
    if ($is_watched) { is(told(1), 'WATCHDOG=1', "... and that it is alive, again and again") for 1 .. 3 }
    $process->signal('HUP');
    like(told, qr/^RELOADING=1\nMONOTONIC_USEC=\d+$/, 'SIGHUP: that it reads its options again');
    is(told, 'READY=1', '... and has done so');
    $process->signal('TERM');
    is(told, 'STOPPING=1', 'SIGTERM: that it ends');
    is($process->wait_end, 0, '... which it does');
}

my $redis = Weir::Redis->new;
says(Weir::Process->start([ qw(weir-node --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --drain-delay 0ms --redis), $redis->url ], name => 'weir-node'), 1);
says(Weir::Process->start([ qw(weir-analyzer --id a1 --listen 127.0.0.1:0) ], name => 'weir-analyzer'), 0);

# ---- socket activation ----

delete @ENV{qw(NOTIFY_SOCKET WATCHDOG_USEC)};
my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64, Proto => 'tcp') or die "listen: $@";
my $addr = '127.0.0.1:' . $socket->sockport;
fcntl $socket, F_SETFD, 0 or die "fcntl: $!"; # its children get it

# As systemd starts a program, with our socket as descriptor 3.
sub activated ($name, @options) {
    my $begin = 'use POSIX; POSIX::dup2(shift, 3); @ENV{qw(LISTEN_PID LISTEN_FDS)} = ($$, 1); exec @ARGV';
    return Weir::Process->start([ $^X, '-e', $begin, fileno $socket, program_path($name), @options ], name => $name);
}
sub answer_of ($client, $title) { is(($client->answer // {})->{status}, 200, $title) }

for ([ 'weir-node', '/livez', '--listen', $addr, qw(--workers 2 --admin-listen 127.0.0.1:0 --drain-delay 0ms --redis), $redis->url ],
    [ 'weir-analyzer', '/health', qw(--id a2 --listen), $addr ]) {
    my ($name, $path, @options) = @$_;
    for my $time ('first', 'second') {
        my $client = Weir::Raw->connect($addr);
        $client->send(request(GET => $path));
        my $process = activated($name, @options);
        answer_of($client, "$name answers who had connected before its $time start");
        is($process->end, 0, 'it ends well');
    }
    my $stranger = activated($name, map { $_ eq $addr ? '127.0.0.1:0' : $_ } @options);
    isnt($stranger->wait_end, 0, "$name does not start where no port has the address of the socket");
    like($stranger->log, qr/level=error .*msg="a socket of the service manager has no use" .*addr=\Q$addr\E/, "... and says so");
}
done_testing;
