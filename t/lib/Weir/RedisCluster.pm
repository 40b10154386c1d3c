package Weir::RedisCluster;

# A real Redis Cluster on loopback: three masters, and a replica of each where `replicas` is 1. Ports are free ones of
# the system; the bus takes another one.
#
#   my $cluster = Weir::RedisCluster->new(replicas => 1);
#   my $i = $cluster->owner($slot);                # index of the master
#   $cluster->move_slot($slot, $from, $to);
use v5.36;
use Weir::Process;
use Weir::Redis;
use Weir::Test qw(folder free_port wait_until);

use constant SLOTS => 16384;

sub new ($class, %options) {
    my $self = bless { nodes => [], replicas => $options{replicas} // 0, timeout_ms => $options{timeout_ms} // 1000 }, $class;
    $self->_start_node for 1 .. 3 * (1 + $self->{replicas});
    $self->_join;
    return $self;
}

# Of three servers that somebody else runs, with `bus_port`, and with `announced` where others come by another port.
sub of ($class, @nodes) {
    my $self = bless { nodes => \@nodes, replicas => 0 }, $class;
    $self->_join;
    return $self;
}

sub _start_node ($self) {
    my $i = @{ $self->{nodes} };
    my $bus_port = free_port;
    my $folder = folder() . "/redis-$i";
    mkdir $folder or die "$folder: $!\n";
    my $node = Weir::Redis->new(arguments => [ '--cluster-enabled', 'yes', '--cluster-node-timeout', $self->{timeout_ms},
        '--cluster-port', $bus_port, '--cluster-replica-validity-factor', 0, '--repl-diskless-sync-delay', 0, '--dir', $folder ]);
    $node->{bus_port} = $bus_port;
    push @{ $self->{nodes} }, $node;
}

sub _join ($self) {
    my @nodes = @{ $self->{nodes} };
    my $share = int(SLOTS / 3);
    for my $i (0 .. $#nodes) {
        $nodes[$i]->command(qw(CLUSTER SET-CONFIG-EPOCH), $i + 1);
        $nodes[$i]->command(qw(CLUSTER ADDSLOTSRANGE), $share * $i, $i == 2 ? SLOTS - 1 : $share * ($i + 1) - 1) if $i < 3;
        $nodes[$i]->command(qw(CLUSTER MEET 127.0.0.1), $nodes[0]{announced} // $nodes[0]->port, $nodes[0]{bus_port}) if $i;
    }
    $self->{ids} = [ map { $_->command(qw(CLUSTER MYID)) } @nodes ];
    my $n = @nodes;
    wait_until { $n == grep { $_->command(qw(CLUSTER INFO)) =~ /^cluster_known_nodes:$n\r/m } @nodes } 30, 'the nodes to know each other';
    for my $i (3 .. $#nodes) {
        my $id = $self->id($i - 3);
        wait_until { eval { $nodes[$i]->command(qw(CLUSTER REPLICATE), $id) } } 10, 'a replica to be one';
    }
    wait_until { $n == grep { $_->command(qw(CLUSTER INFO)) =~ /^cluster_state:ok\r/m } @nodes } 30, 'the cluster to be whole';
    for my $i (3 .. $#nodes) { wait_until { $nodes[$i]->command('INFO', 'replication') =~ /master_link_status:up/ } 30, 'a replica to follow' }
}

sub node ($self, $i) { return $self->{nodes}[$i] }
sub nodes ($self) { return @{ $self->{nodes} } }
sub id ($self, $i) { return $self->{ids}[$i] }
sub slot ($self, $key) { return $self->node(0)->command(qw(CLUSTER KEYSLOT), $key) }

# The master that serves a slot, as node $i sees it: its index.
sub owner ($self, $slot, $i = 0) {
    for (split /\n/, $self->node($i)->command(qw(CLUSTER NODES))) {
        my ($id, $address, $flags, $master, $ping, $pong, $epoch, $state, @ranges) = split ' ';
        next if $flags !~ /master/ || $flags =~ /fail(?!\?)/ || !grep { /^(\d+)(?:-(\d+))?$/ && $1 <= $slot && $slot <= ($2 // $1) } @ranges;
        my ($index) = grep { $self->id($_) eq $id } 0 .. $#{ $self->{nodes} };
        return $index;
    }
    return undef;
}

# What a child process must do before it talks to them: connections are its parent's.
sub hang_up ($self) { $_->hang_up for $self->nodes }

# As a resharding tool does: marked at both ends, its keys carried over, and at last given away. `between` is called
# when some keys are carried, and when all are.
sub move_slot ($self, $slot, $from, $to, $between = sub { }) {
    my ($source, $target) = map { $self->node($_) } $from, $to;
    my @ids = map { $self->id($_) } $from, $to;
    $target->command(qw(CLUSTER SETSLOT), $slot, 'IMPORTING', $ids[0]);
    $source->command(qw(CLUSTER SETSLOT), $slot, 'MIGRATING', $ids[1]);
    my $n = 0;
    while (my @keys = @{ $source->command(qw(CLUSTER GETKEYSINSLOT), $slot, 3) }) {
        $source->command('MIGRATE', '127.0.0.1', $target->port, '', 0, 5000, 'REPLACE', 'KEYS', @keys);
        $between->('some') if !$n++;
    }
    $between->('all');
    $_->command(qw(CLUSTER SETSLOT), $slot, 'NODE', $ids[1]) for $target, $source;
}

1;
