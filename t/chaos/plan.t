# What t/chaos/run will do is known from the seed alone.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../lib";
use List::Util qw(max min);
use Test::More;
use Chaos::Kinds;
use Chaos::Plan;

my @names = Chaos::Kinds::names();
my @fields = (for_ms => 60_000, nodes => 3, analyzers => 3);
my @cluster = (cluster => 1, kinds => [ Chaos::Kinds::names(1) ]);
sub plan_of ($seed, @more) { return Chaos::Plan->new(seed => $seed, @fields, kinds => \@names, @more) }

is(plan_of('abc')->text, plan_of('abc')->text, 'the same seed, the same plan');
isnt(plan_of('abc')->text, plan_of('abd')->text, 'another seed, another plan');
is(plan_of(7)->text =~ s/\s.*//sr, 'seed', 'a plan can be read');

# ---- over a few seeds ----

my (%times, %targets, %syncs, @bad_order, @short, @overlaps, @outside, @noisy, @undone);
for my $plan ((map { plan_of($_) } 1 .. 40), map { plan_of($_, @cluster) } 41 .. 80) {
    my @faults = $plan->faults;
    $syncs{ $plan->{appendfsync} }++;
    $times{ $plan->{is_cluster} }{ $_->{kind} }++, $targets{ $_->{target} }++ for @faults;
    push @bad_order, $plan->text if join(',', map { $_->{at_ms} } @faults) ne join(',', sort { $a <=> $b } map { $_->{at_ms} } @faults);
    for my $fault (@faults) {
        my $bounds = Chaos::Kinds::kind($fault->{kind})->{ms} // [ 3 * 150, 8 * 1200 ];
        push @outside, $plan->line($fault) if $fault->{ms} < $bounds->[0] || $fault->{ms} > $bounds->[1];
        push @outside, $plan->line($fault) if $fault->{at_ms} < 3000 || $fault->{at_ms} + $fault->{ms} > 57_000;
        push @overlaps, $plan->line($fault) if grep { $_ != $fault && together($plan, $_, $fault) } @faults;
        push @undone, $plan->line($fault) if !is_undone($fault, $plan);
    }
    for my $quiet ($plan->quiet) {
        push @short, "@$quiet" if $quiet->[1] - $quiet->[0] < 3000;
        push @noisy, "@$quiet" if grep { $_->{at_ms} < $quiet->[1] && $_->{at_ms} + $_->{ms} > $quiet->[0] } @faults;
    }
}

# At the same time, and they hold the same thing.
sub together ($plan, $one, $other) {
    return 0 if $one->{at_ms} + $one->{ms} <= $other->{at_ms} || $other->{at_ms} + $other->{ms} <= $one->{at_ms};
    my %held = map { $_ => 1 } Chaos::Kinds::holds($one, $plan);
    return scalar grep { $held{$_} } Chaos::Kinds::holds($other, $plan);
}

# What its steps leave behind, and that they end when it does.
sub is_undone ($fault, $plan) {
    my @steps = sort { $a->[0] <=> $b->[0] } Chaos::Kinds::steps($fault, $plan);
    return 0 if max(map { $_->[0] } @steps) > $fault->{ms};
    my %last;
    for my $step (@steps) {
        my (undef, $action, $whom, $what) = @$step;
        $last{ $action eq 'rule' ? $whom : 'process' } = $what // $action;
    }
    my %good = map { $_ => 1 } qw(start thaw pass none);
    return !grep { !$good{$_} } values %last;
}

is_deeply([ sort keys %{ $times{0} } ], [ sort @names ], 'every kind of fault has its turn');
is_deeply([ sort keys %{ $times{1} } ], [ sort 'move-slot', grep { $_ ne 'clock-step' } @names ], 'in a Redis Cluster a slot moves, and clocks do not');
cmp_ok(min(values %$_) / max(values %$_), '>', 0.5, 'and none comes much more often than another') for @times{ 0, 1 };
is_deeply([ sort grep { !/>/ } keys %targets ], [qw(a1 a2 a3 analyzers n1 n2 n3 redis)], 'everyone is hit');
is(scalar(grep { /^n[123]>(?:a[123]|redis)$/ } keys %targets), 12, 'and every path');
is_deeply([ sort keys %syncs ], [qw(always everysec)], 'Redis writes always, or every second');
is_deeply(\@bad_order, [], 'faults are in the order of time');
is_deeply(\@outside, [], 'they last as long as their kind may, and leave time before the end');
is_deeply(\@overlaps, [], 'two never get in each other\'s way');
is_deeply(\@undone, [], 'and each undoes what it did');
is_deeply(\@short, [], 'quiet gaps last at least 3 s');
is_deeply(\@noisy, [], 'and are quiet');

# ---- choices ----

my @few = plan_of('few', kinds => [qw(kill-node stop-redis)], nodes => 1, for_ms => 600_000)->faults;
my %few = map { ("$_->{kind} $_->{target}" => 1) } @few;
is_deeply([ sort keys %few ], [ 'kill-node n1', 'stop-redis redis' ], 'only what was asked for');
cmp_ok(scalar @few, '>=', 60, 'and all the time');
is_deeply([ plan_of('none', kinds => [])->faults ], [], 'or nothing at all');
is_deeply([ plan_of('none', kinds => [])->quiet ], [ [ 0, 60_000 ] ], 'then all is quiet');
is(Chaos::Random->new('weir')->between(0, 999_999), 213653, 'the numbers are the same everywhere');

# ---- the program ----

is(`$Bin/run --plan --seed abc --for 60s`, plan_of('abc')->text, '--plan prints it');
unlike(`$Bin/run --plan --seed abc --for 10m --faults all,-kill-node,-partition`, qr/kill-node|partition/, 'kinds can be left out');
is(`$Bin/run --plan --seed abc --cluster`, plan_of('abc', @cluster)->text, '--cluster makes it one of a Redis Cluster');
my $help = `$Bin/run --help`;
like($help, qr/^  $_ /m, "--help explains $_") for Chaos::Kinds::all_names();
is(system("$Bin/run $_ 2>/dev/null") >> 8, 2, "$_ is refused")
    for '--faults earthquake', '--for ever', '--nodes 0', 'now', '--plan --faults move-slot', '--plan --cluster --faults clock-step';

done_testing;
