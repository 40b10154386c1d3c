# A weirctl that runs for long takes a new password of Redis from its file, as a node does.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test qw(:DEFAULT bin_dir);

alarm 120;
my $redis = Weir::Redis->new;
my $file = folder() . '/redis';
sub set_password ($password) {
    $redis->command(qw(CONFIG SET requirepass), $password);
    open my $out, '>', "$file.new" or die "$file: $!";
    print $out "redis://:$password\@127.0.0.1:", $redis->port, "/0\n";
    close $out;
    rename "$file.new", $file or die "$file: $!";
}
set_password('the-first-password');
my $node = Weir::Process->start([ qw(weir-node --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --workers 1 --redis-file), $file ], name => 'n1');
$node->wait_log(qr/msg=roster/);

my $watch = Weir::Process->start([ qw(weirctl watch --interval 100ms --json --redis-file), $file ], name => 'watch');
my $events = Weir::Process->start([ qw(weirctl events --redis-file), $file ], name => 'events');
sub lines ($process) { return scalar(() = $process->log =~ /\n/g) }
wait_until { lines($watch) > 2 } 10, 'the status';
set_password('the-second-password');
$redis->command(qw(CLIENT KILL TYPE normal SKIPME yes));
$redis->command(qw(CLIENT KILL TYPE pubsub));
my $before = lines($watch);
wait_until { lines($watch) > $before + 5 } 20, 'the status again';
pass('watch goes on with the new password');
$redis->command('AUTH', 'the-second-password');
is(run('weirctl', '--redis-file', $file, 'status')->{status}, 0, 'a command that begins now has it');
http(PUT => 'http://' . $node->wait_log(qr/component=admin msg=listening .*addr=(\S+)/) . '/v1/analyzers/a1', { url => 'http://127.0.0.1:9/', weight => 1 });
wait_until { $events->log =~ /a1/ } 20, 'an event';
pass('events goes on as well');
unlike($watch->log . $events->log, qr/WRONGPASS|NOAUTH|-password/, 'the old password is not tried again, and nobody sees one');
done_testing;
