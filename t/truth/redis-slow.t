# A Redis whose writes take long is told as slow, and not as away.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Weir::Test;
use Weir::Truth;

use constant { PAUSES => 60, EVERY_S => 0.93, PAUSE_MS => 900 };

alarm 900;
my $truth = Weir::Truth->start;
my $redis = $truth->cluster->redis;

# Writes wait for most of the time. The pauses are no part of a second, so that the write of each second does not
# always meet the same end of one.
my $pauses = sub {
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    for (1 .. PAUSES) {
        eval { Weir::Redis->at($redis->port)->command('CLIENT', 'PAUSE', PAUSE_MS, 'WRITE') };
        sleep EVERY_S;
    }
    POSIX::_exit(0);
};

my $pid;
$truth->begins('Redis is slow', sub { $pid = $pauses->() }, kind => 'redis', subject => 'slow', level => 'warn', text => qr/^Redis is slow, as n1 sees it$/,
    error => qr/^a round trip took \d+ ms$/, since => 1, within => 30, event => 'redis', event_text => qr/slow/, alert => 'WeirRedisState', labels => { state => 'slow' }, metric => sub ($m) { $m->{'weir_redis_state{state="slow"}'} == 1 });
$truth->ends('it is quick again', sub {
    kill KILL => $pid;
    waitpid $pid, 0;
    $redis->command('CLIENT', 'UNPAUSE');
});
done_testing;
