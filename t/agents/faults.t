# A node is killed, and all analyzers are away, while agents send: those that repeat lose nothing, and with a spill nobody does.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::AgentFaults;
use Weir::AgentTable;

alarm 3000;
my @names = Weir::AgentTable::names();
my @repeat = grep { Weir::AgentTable::row($_)->{repeats} } @names;
cmp_ok(scalar @repeat, '>=', 8, 'most agents repeat what failed');
# It ends as soon as all is there: the patience is for pauses of agents on a slow machine.
my $killed = node_killed(\@repeat, patience => 150);
is($killed->{$_}[0], 0, "a node is killed: $_ loses nothing") for @repeat;
my $away = analyzers_away(\@names, spill => 1, patience => 150);
is($away->{$_}[0], 0, "all analyzers are away: $_ loses nothing") for @names;
my @calls = grep { Weir::AgentTable::row($_)->{format} eq 'otlp-grpc' } @names;
my $drained = node_drained(\@calls, count => 10_000, patience => 150);
is_deeply($drained->{$_}, [ 0, 0 ], "a node drains: each of the 10 000 records of $_ is there once") for @calls;
done_testing;
