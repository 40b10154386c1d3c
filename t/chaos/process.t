# The programs of t/chaos: one that is asked to end before it has begun does not run what this process does on a signal.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Temp;
use POSIX ();
use Test::More;
use Chaos::Process;

alarm 120;
my ($folder, $owner, $n_bad) = (File::Temp->newdir, $$, 0);
$SIG{TERM} = sub { POSIX::_exit(77) if $$ != $owner };
for (1 .. 50) {
    my $process = Chaos::Process->new('early', "$folder", sub ($n) { ('sleep', 60) });
    $process->start;
    $process->ask_to_end;
    $process->wait_end(20);
    $n_bad++ if $process->status == 77 << 8;
}
is($n_bad, 0, 'a child that is asked to end at once runs no handler of its parent');

my $process = Chaos::Process->new('late', "$folder", sub ($n) { ('sh', '-c', 'echo listening >&2; exec sleep 60') });
$process->start;
$process->wait_log(qr/listening/);
$process->ask_to_end;
ok($process->wait_end(20), 'one that runs can be asked too');
is($process->status, 15, 'and hears of it: no signal is left blocked');
done_testing;
