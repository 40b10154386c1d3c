package Chaos::Kinds;

# The kinds of faults, one table: whom they hit, for how long, what is drawn for each, and which steps carry it
# out and undo it. A step is [ms after the fault's begin, action, its arguments ...]; Chaos::Cluster has the actions.
#
# Two faults that hold the same thing never overlap: a process ("n1", "a2", "redis") or a path ("n1>a2",
# "n1>redis": what a relay carries from the first to the second).
use v5.36;

# Target: drawn from one of these. Every node, analyzer or path is as likely as the others.
my %targets = (
    node => sub ($p) { @{ $p->{nodes} } },
    analyzer => sub ($p) { @{ $p->{analyzers} } },
    redis => sub ($p) { 'redis' },
    everyone => sub ($p) { 'analyzers' },
    path => sub ($p) { paths($p) },
    redis_path => sub ($p) { paths($p, 'redis') },
    any_path => sub ($p) { paths($p), map { "$_>redis" } @{ $p->{nodes} } },
);

sub paths ($p, $to = undef) {
    return map { my $node = $_; map { "$node>$_" } $to // @{ $p->{analyzers} } } @{ $p->{nodes} };
}

# ---- what a fault holds ----

my $itself = sub ($p, $f) { $f->{target} };
my $ways_in = sub ($p, $f) { paths($p, $f->{target}) };
my $all_ways_in = sub ($p, $f) { paths($p) };

# ---- steps ----

sub _killed ($p, $f) { return [ 0, 'kill', $f->{target} ], [ $f->{ms}, 'start', $f->{target} ] }
sub _stopped ($p, $f) { return [ 0, 'freeze', $f->{target} ], [ $f->{ms}, 'thaw', $f->{target} ] }
sub _slowed ($p, $f) { return [ 0, 'simulate', $f->{target}, "slow:$f->{delay_ms}" ], [ $f->{ms}, 'simulate', $f->{target}, 'none' ] }

# Redis may hold the only copy of a packet, so it is emptied once its spill is empty, if that is soon.
sub _emptied ($p, $f) { return [ 0, 'empty', $f->{ms} / 2 ], [ $f->{ms}, 'start', 'redis' ] }

sub _flapping ($p, $f) {
    my ($at, @steps) = (0);
    for (1 .. $f->{times}) {
        push @steps, [ $at, $f->{by}, $f->{target} ], [ $at + $f->{down_ms}, 'start', $f->{target} ];
        $at += $f->{down_ms} + $f->{up_ms};
    }
    return @steps;
}

# It is undone by itself, as nodes mend it.
sub _lost_key ($p, $f) { return [ 0, 'lose_key', $f->{target}, $f->{key} ], [ $f->{ms}, 'start', $f->{target} ] }
sub _stepped ($p, $f) { return [ 0, 'clock', $f->{target}, $f->{by_s} ], [ $f->{ms}, 'clock', $f->{target}, 'none' ] }
sub _unlawful ($p, $f) { return [ 0, 'acl', $f->{target}, $f->{takes} ], [ $f->{ms}, 'acl', $f->{target}, 'none' ] }
sub _twin ($p, $f) { return [ 0, 'twin', $f->{target} ], [ $f->{ms}, 'twin', $f->{target}, 'none' ] }
sub _moved ($p, $f) { return [ 0, 'move', $f->{target}, $f->{onward} ], [ $f->{ms}, 'move', $f->{target}, 'none' ] }
sub _poisoned ($p, $f) { return [ 0, 'poison', $f->{target}, $f->{node} ], [ $f->{ms}, 'poison', $f->{target}, 'none' ] }

# A packet of 4 MB comes to a node whose way to Redis carries 1 MB in a second.
sub _big ($p, $f) {
    my ($node) = split />/, $f->{target};
    return [ 0, 'rule', $f->{target}, 'slow', 1_000_000 ], [ 0, 'big', "$node with a packet", 'none' ], [ $f->{ms}, 'rule', $f->{target}, 'pass' ];
}

# The paths that a fault holds follow a rule of the relay for a while.
sub _by_rule ($rule) {
    return sub ($p, $f) {
        my @paths = kind($f->{kind})->{holds}->($p, $f);
        return map { ([ 0, 'rule', $_, $rule->($f) ], [ $f->{ms}, 'rule', $_, 'pass' ]) } @paths;
    };
}

# An analyzer that does not answer as it should. Its health probes get the same, or nothing is the matter with them.
sub _rude ($answer) {
    return (target => 'analyzer', ms => [ 1000, 5000 ], holds => $ways_in, draw => sub ($r) { (probes => $r->one_of('ill', 'fine')) },
        steps => _by_rule(sub ($f) { ($answer, $f->{probes}) }));
}

# Those of packets are left out: a packet that was acknowledged would be lost with them.
my @keys_to_lose = qw(epoch slot url weight state info expires processed nodes node_info held unreachable hot report accounts flaps);

my @kinds = (
    { name => 'kill-node', target => 'node', ms => [ 300, 4000 ], holds => $itself, steps => \&_killed,
        help => 'kill -9, started again after a while' },
    { name => 'kill-analyzer', target => 'analyzer', ms => [ 300, 6000 ], holds => $itself, steps => \&_killed,
        help => 'the same' },
    { name => 'kill-redis', target => 'redis', ms => [ 200, 4000 ], holds => $itself, steps => \&_killed,
        help => 'the same; it comes back with its append-only file' },
    { name => 'stop-node', target => 'node', ms => [ 1000, 10000 ], holds => $itself, steps => \&_stopped,
        help => 'SIGSTOP, and SIGCONT after 1 to 10 s' },
    { name => 'stop-analyzer', target => 'analyzer', ms => [ 1000, 10000 ], holds => $itself, steps => \&_stopped,
        help => 'the same' },
    { name => 'stop-redis', target => 'redis', ms => [ 1000, 10000 ], holds => $itself, steps => \&_stopped,
        help => 'the same' },
    { name => 'empty-redis', target => 'redis', ms => [ 1000, 3000 ], holds => $itself, steps => \&_emptied, first => 1,
        help => 'flushed, killed, started again; only while its spill is empty' },
    { name => 'cut-relay', target => 'any_path', ms => [ 1000, 4000 ], holds => $itself,
        draw => sub ($r) { (every_ms => $r->between(50, 400)) }, steps => _by_rule(sub ($f) { ('cut', $f->{every_ms}) }),
        help => 'connections of a node to an analyzer or to Redis are reset, again and again' },
    { name => 'delay-relay', target => 'any_path', ms => [ 1000, 5000 ], holds => $itself,
        draw => sub ($r) { (delay_ms => $r->mostly_small(5, 600)) }, steps => _by_rule(sub ($f) { ('delay', $f->{delay_ms}) }),
        help => 'all bytes on such a path are late, in both directions' },
    { name => 'analyzer-500', _rude('status500'), help => 'an analyzer answers 500' },
    { name => 'analyzer-503', _rude('status503'), help => 'an analyzer answers 503 with Retry-After' },
    { name => 'analyzer-garbage', _rude('garbage'), help => 'an analyzer answers what is no HTTP' },
    { name => 'analyzer-half', _rude('half'), help => 'an analyzer takes packets, and its answers break off half-way' },
    { name => 'analyzer-silent', _rude('silent'), help => 'an analyzer does not answer' },
    { name => 'full-spill', target => 'everyone', ms => [ 3000, 7000 ], holds => $all_ways_in,
        draw => sub ($r) { (how => $r->one_of('reset', 'hold', 'status503')) }, steps => _by_rule(sub ($f) { ($f->{how}, 'ill') }),
        help => 'no analyzer can be reached until the spill is full (nodes run with a small one)' },
    { name => 'slow-analyzer', target => 'analyzer', ms => [ 2000, 6000 ], holds => $itself,
        draw => sub ($r) { (delay_ms => $r->mostly_small(30, 1500)) }, steps => \&_slowed,
        help => 'weirctl fault ID slow:MS' },
    { name => 'flapping-analyzer', target => 'analyzer', ms => undef, holds => $itself, steps => \&_flapping,
        draw => sub ($r) {
            my %d = (times => $r->between(3, 8), down_ms => $r->between(50, 500), up_ms => $r->between(100, 700));
            $d{by} = $r->one_of('kill', 'end');
            return (%d, ms => $d{times} * ($d{down_ms} + $d{up_ms}));
        },
        help => 'restarts in a row, killed or ended by SIGTERM' },
    { name => 'partition', target => 'path', ms => [ 2000, 8000 ], holds => $itself,
        draw => sub ($r) { (how => $r->one_of('reset', 'hold')) }, steps => _by_rule(sub ($f) { ($f->{how}) }),
        help => 'one node cannot reach one analyzer: refused, or all bytes are held back' },
    { name => 'clock-step', target => 'redis', ms => [ 1000, 6000 ], holds => sub ($p, $f) { 'clock' }, steps => \&_stepped, in_cluster => 'never',
        draw => sub ($r) { (by_s => $r->one_of(5, -5, 60, -60, 600, -600)) },
        help => 'the clock of Redis is set 5, 60 or 600 s forward or back, and later right again; not with --cluster' },
    { name => 'lost-key', target => 'redis', ms => [ 1500, 3000 ], holds => $itself, steps => \&_lost_key,
        draw => sub ($r) { (key => $r->one_of(@keys_to_lose)) },
        help => 'a key of the registry is deleted, but none that has packets' },
    { name => 'no-acl', target => 'redis', ms => [ 1000, 4000 ], holds => $itself, steps => \&_unlawful,
        draw => sub ($r) { (takes => $r->one_of('-evalsha', 'resetchannels', '-publish', '-xadd', 'resetkeys')) },
        help => 'the user in Redis loses a right for a while' },
    { name => 'twin-node', target => 'node', ms => [ 2000, 5000 ], holds => $itself, steps => \&_twin,
        help => 'a second node starts with the id of one that lives' },
    { name => 'poison', target => 'everyone', ms => [ 3000, 8000 ], holds => sub ($p, $f) { 'poison' }, steps => \&_poisoned,
        draw => sub ($r) { (node => $r->between(0, 99)) },
        help => 'a packet that breaks every connection to an analyzer on which it travels' },
    { name => 'big-packet', target => 'redis_path', ms => [ 3000, 8000 ], holds => $itself, steps => \&_big,
        help => 'a packet of 4 MB comes to a node whose way to Redis carries 1 MB in a second' },
    { name => 'move-slot', target => 'redis', ms => [ 300, 4000 ], holds => $itself, steps => \&_moved, in_cluster => 'only',
        draw => sub ($r) { (onward => $r->between(1, 2)) },
        help => "the pool's slot goes to another master, and is half-way for a while; only with --cluster" },
);
my %kind = map { $_->{name} => $_ } @kinds;

# All; those that are possible with one Redis; those that are with a Redis Cluster. Its masters tell by their clocks
# who is alive, so a step of 600 s would end the cluster, and not try Weir.
sub all_names () { return map { $_->{name} } @kinds }
sub names ($is_cluster = 0) { return map { $_->{name} } grep { ($_->{in_cluster} // '') ne ($is_cluster ? 'never' : 'only') } @kinds }
sub kind ($name) { return $kind{$name} // die "no fault is named '$name'\n" }
sub help () { return join '', map { sprintf "  %-18s %s\n", $_->{name}, $_->{help} } @kinds }

# ---- a fault of a kind ----

# Drawn at random: {kind, target, ms, ...}.
sub draw ($name, $random, $p) {
    my $kind = kind($name);
    my %fault = (kind => $name, target => $random->one_of($targets{ $kind->{target} }->($p)));
    $fault{ms} = $random->mostly_small(@{ $kind->{ms} }) if $kind->{ms};
    return { %fault, $kind->{draw} ? $kind->{draw}->($random) : () };
}

sub holds ($fault, $p) { return kind($fault->{kind})->{holds}->($p, $fault) }
sub steps ($fault, $p) { return kind($fault->{kind})->{steps}->($p, $fault) }

# "kill-node n2", with what was drawn for it.
sub describe ($fault) {
    my %shown = %$fault;
    delete @shown{qw(kind target ms at_ms)};
    return join ' ', $fault->{kind}, $fault->{target}, map { "$_=$shown{$_}" } sort keys %shown;
}

1;
