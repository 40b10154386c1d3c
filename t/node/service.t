# What a service manager such as systemd is told: ready, alive, reloading, stopping.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Weir::Test;

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
done_testing;
