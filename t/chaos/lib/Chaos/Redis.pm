package Chaos::Redis;

# The Redis of a run: one server, or the three masters of a Redis Cluster. One of these has the pool's slot; faults hit
# that one, and the slot can be moved to another. A master announces the port that the relay has for it, so nodes come
# to each of them through the relay.
use v5.36;
use POSIX ();
use Time::HiRes qw(sleep);
use Weir::Redis;
use Weir::RedisCluster;

use constant {
    MASTERS => 3,
    NODE_TIMEOUT_MS => 1000,    # a master that is away for longer is given up by the others, until it is back
    MOVE_SECONDS => 60,         # a move that takes longer has failed
};

sub names_of ($plan) { return $plan->{is_cluster} ? map { "redis-$_" } 1 .. MASTERS : 'redis' }

# Options: plan, folder, program; ports: name -> port, where "NAME.bus" and "to NAME" are those of the bus and of the relay.
sub new ($class, %options) {
    return bless { %options{qw(plan folder program ports)}, names => [ names_of($options{plan}) ], owner => 0, n_moves => 0, problems => [] }, $class;
}

sub names ($self) { return @{ $self->{names} } }

# The server that has the pool: its name, its port.
sub owner ($self) { return $self->{names}[ $self->{owner} ] }
sub owner_port ($self) { return $self->{ports}{ $self->owner } }

sub command ($self, $name) {
    my ($folder, $ports) = ("$self->{folder}/$name", $self->{ports});
    mkdir $folder;
    my @command = ($self->{program}, '--port', $ports->{$name}, '--bind', '127.0.0.1', '--dir', $folder, '--save', '',
        '--appendonly', 'yes', '--appendfsync', $self->{plan}{appendfsync}, '--maxmemory-policy', 'noeviction');
    return @command if !$self->{plan}{is_cluster};
    return (@command, '--cluster-enabled', 'yes', '--cluster-node-timeout', NODE_TIMEOUT_MS, '--cluster-port', $ports->{"$name.bus"},
        '--cluster-announce-port', $ports->{"to $name"}, '--cluster-announce-bus-port', $ports->{"$name.bus"});
}

# The first is for weirctl, which asks a server itself where the slot is. The second is for a node, which asks through the relay.
sub url ($self) { return $self->_url(map { $self->{ports}{$_} } $self->names) }
sub url_for ($self, $node) {
    return $self->_url(map { $self->{ports}{ $self->{plan}{is_cluster} ? "to $_" : "$node to $_" } } $self->names);
}

sub _url ($self, @ports) {
    my $hosts = join ',', map { "127.0.0.1:$_" } @ports;
    return $self->{plan}{is_cluster} ? "redis+cluster://$hosts" : "redis://$hosts/0";
}

# All servers are up: masters become a cluster.
sub join_up ($self) {
    return if !$self->{plan}{is_cluster};
    my @servers = map { Weir::Redis->at($self->{ports}{$_}, bus_port => $self->{ports}{"$_.bus"}, announced => $self->{ports}{"to $_"}) } $self->names;
    $self->{cluster} = Weir::RedisCluster->of(@servers);
    $self->{slot} = $self->{cluster}->slot('weir:{default}:epoch');
    $self->{owner} = $self->{cluster}->owner($self->{slot});
}

# ---- a slot moves ----

sub is_moving ($self) { return defined $self->{moving} }
sub n_moves ($self) { return $self->{n_moves} }
sub problems ($self) { return @{ $self->{problems} } }

# Carries some keys to the master `onward` places further. The others follow when end_move is called. A process of its own
# does this, as a master may let it wait. Nothing happens where the last move has not ended yet.
sub begin_move ($self, $onward) {
    return if $self->{moving};
    my $to = ($self->{owner} + $onward) % MASTERS;
    pipe my $wait, my $go or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP ALRM);
        alarm MOVE_SECONDS;
        open STDERR, '>>', "$self->{folder}/move.log";
        $self->_move($self->{owner}, $to, $wait);
        POSIX::_exit(0);
    }
    $self->{moving} = { pid => $pid, go => $go, to => $to };
}

sub end_move ($self) {
    my $go = $self->{moving} && delete $self->{moving}{go} or return;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $go, '.';
}

# The move begins again after each error: a master that has just come back refuses calls for a while.
sub _move ($self, $from, $to, $wait) {
    $self->{cluster}->hang_up;
    my $hold = sub ($how) { $wait = undef if $wait && defined sysread $wait, my $word, 1 };
    until (eval { $self->_carry($from, $to, $hold); 1 }) {
        print STDERR "from $self->{names}[$from] to $self->{names}[$to]: $@";
        sleep 0.1;
    }
}

# The old master is told even if the new one has the slot already. Else it would send keys away when it gets the slot back.
sub _carry ($self, $from, $to, $hold) {
    my ($cluster, $slot) = @$self{qw(cluster slot)};
    $cluster->move_slot($slot, $from, $to, $hold) if ($cluster->owner($slot, $to) // -1) != $to;
    $cluster->node($from)->command(qw(CLUSTER SETSLOT), $slot, 'NODE', $cluster->id($to));
}

sub tick ($self) {
    my $moving = $self->{moving} or return;
    return if waitpid($moving->{pid}, POSIX::WNOHANG()) == 0;
    delete $self->{moving};
    return push @{ $self->{problems} }, 'the slot was not moved in ' . MOVE_SECONDS . ' s' if $?;
    $self->{owner} = $moving->{to};
    $self->{n_moves}++;
}

sub stop ($self) {
    my $moving = delete $self->{moving} or return;
    kill KILL => $moving->{pid};
    waitpid $moving->{pid}, 0;
}

1;
