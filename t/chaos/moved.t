# A Redis Cluster under t/chaos/run: the slot goes from master to master, one of them is killed, and nothing is lost.
use v5.36;
use FindBin qw($Bin);
use File::Temp;
use JSON::PP qw(decode_json);
use Test::More;

alarm 750;
my $out = File::Temp->new;
my @options = (qw(--cluster --seed 10 --for 20s --rate 500 --json --faults), 'move-slot,kill-redis');
my $pid = fork // die "fork: $!";
if (!$pid) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>&', $out;
    open STDERR, '>&', $out;
    exec 'setpriv', '--pdeathsig', 'TERM', "$Bin/run", @options or die "setpriv: $!\n";
}
waitpid $pid, 0;
my $status = $?;
my $text = do { local (@ARGV, $/) = $out->filename; <> };
my $result = eval { decode_json($text =~ s/^logs: .*//mr) } // die "t/chaos/run @options:\n$text";

cmp_ok($result->{faults}{'move-slot'} - ($result->{skipped}{'move-slot'} // 0), '>', 0, 'the slot moves');
cmp_ok($result->{acknowledged}, '>', 0, 'packets are acknowledged');
is_deeply($result->{lost}, [], 'all of them are recorded');
is_deeply($result->{problems}, [], 'no program ends by itself, and the accounts add up');
is($status, 0, 'and it says so');
diag("t/chaos/run @options\n$text") if !Test::More->builder->is_passing;

done_testing;
