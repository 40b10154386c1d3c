# A worker that hangs is seen: /livez fails on both ports once its loop has not turned for 10 s, and no sooner. Here one
# thread is stopped as a debugger would; the process goes on.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Test;
use Weir::Tokens;

alarm 450;
use constant { SYS_PTRACE => 101, SEIZE => 0x4206, INTERRUPT => 0x4207, DETACH => 17, WALL => 0x40000000, STUCK_S => 10 };
plan skip_all => 'only on x86-64' if qx{uname -m} !~ /x86_64/;
my $node = node(Weir::Redis->new, '--workers', 2);
my $pid = $node->pid;
my @workers = grep { slurp("/proc/$pid/task/$_/comm") eq "worker\n" } map { m{(\d+)$} } glob "/proc/$pid/task/*";
plan skip_all => "ptrace: $!" if syscall(SYS_PTRACE, SEIZE, int $workers[0], 0, 0) != 0;
is(scalar @workers, 2, 'there are two workers');

sub lives ($port) { return http(GET => "$node->{$port}/livez")->{status} }
# On a connection of its own: with two workers, which one answers is chance, and one of them never does.
sub ingest_lives () {
    for (1 .. 20) {
        my $answer = HTTP::Tiny->new(timeout => 0.3)->get("$node->{ingest}/livez");
        return $answer->{status} if $answer->{status} != 599;
    }
    return 0;
}

is(lives('admin'), 200, 'the node lives');
my $start = time;
syscall(SYS_PTRACE, INTERRUPT, int $workers[0], 0, 0) == 0 or die "ptrace: $!";
waitpid $workers[0], WALL; # it stands
is(lives('admin'), 200, 'nor does a short stop mean that it hangs');
wait_until { lives('admin') == 503 } STUCK_S + 10, 'the hanging worker to be seen';
cmp_ok(time - $start, '>=', STUCK_S - 1.1, 'it is given its time');
like(http(GET => "$node->{admin}/livez")->{content}, qr/a worker hangs/, 'and the answer says why');
is(ingest_lives, 503, 'on the ingest port too, from the other worker');
syscall(SYS_PTRACE, DETACH, int $workers[0], 0, 0) == 0 or die "ptrace: $!";
wait_until { lives('admin') == 200 } 20, 'the worker to turn again';
is(ingest_lives, 200, 'a worker that turns again lives');
is($node->end, 0, 'and ends well');
done_testing;
