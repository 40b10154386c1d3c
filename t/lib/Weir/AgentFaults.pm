package Weir::AgentFaults;

# All given agents send at once, at a pace, while something fails: what becomes of their records.
#
#   my $outcome = node_killed(\@names);                        # {name => [lost, repeated]}
#   my $outcome = node_drained(\@names, count => 10_000);      # as fast as they can; the node ends well
#   my $n = connections(\@names);                              # {name => how many it opened}
#   my $outcome = analyzers_away(\@names, spill => 1);         # until all is stored; with `seconds`, for that long
# With smallest => 1 they have the smallest configurations of their pages, and not those that lose least.
use v5.36;
use Exporter qw(import);
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(sleep time);
use Weir::Agents;
use Weir::Base qw(deadline);
use Weir::Cluster;
use Weir::Test;

our @EXPORT = qw(analyzers_away connections node_drained node_killed);
use constant COUNT => 1000;
use constant GAP_MS => 3;

# With one node, which has the listeners that the agents need.
sub cluster ($names, @options) {
    my %wanted = map { ($_ => 1) } grep { $_ } map { Weir::AgentTable::row($_)->{listener} } @$names;
    my @listeners = sort keys %wanted;
    my $cluster = Weir::Cluster->start(nodes => 1, shared => 1, analyzers => { a1 => 1, a2 => 1 },
        node => [ '--ingest-status', 200, @options, map { ("--$_-listen", '127.0.0.1:0') } @listeners ]);
    my $node = $cluster->node(1);
    $node->{$_} = $node->wait_log(qr/component=listen msg=listening .*listener=$_ addr=(\S+)/) for @listeners;
    $cluster->{node} = [ '--ingest-status', 200, @options, map { ("--$_-listen", $node->{$_}) } @listeners ]; # for another one at its ports
    return $cluster;
}

# Each agent alone, with nothing in its way.
sub connections ($names, %options) {
    my $cluster = cluster($names);
    my $agents = Weir::Agents->new(cluster => $cluster, smallest => $options{smallest});
    my $count = sub { my $all = metrics($cluster->node(1)); return sum0 map { $all->{$_} // 0 } qw(weir_connections_accepted_total weir_listen_connections_accepted_total) };
    my %opened;
    for my $name (@$names) {
        my $before = $count->();
        $agents->finish($agents->start($name, count => COUNT));
        $opened{$name} = $count->() - $before;
    }
    return \%opened;
}

sub accepted ($cluster) { return sum0 map { $_->has_ended ? 0 : metrics($_)->{weir_received_messages_total} } $cluster->nodes }

# What nodes have acknowledged may still wait in the spill.
sub is_at_rest ($cluster) {
    my @live = grep { !$_->has_ended } $cluster->nodes;
    return !(sum0 map { metrics($_)->{weir_in_flight_packets} } @live) && !$cluster->redis->command(XLEN => 'weir:{default}:spill');
}

# All agents are over, or nothing new has come of any of them for these seconds.
sub outcome ($agents, $runs, $patience) {
    my ($seen, $until, $there) = (-1, 0, 0);
    do {
        sleep 0.2;
        $there = sum0 map { $agents->n_there($_) } @$runs;
        $until = deadline($patience) if $there != $seen;
        $seen = $there;
    } while time < $until && grep { !$agents->is_over($_) } @$runs;
    $agents->finish($_, 1) for @$runs;
    wait_until { is_at_rest($agents->{cluster}) } 60, 'all that was taken to be delivered';
    tell_lost($agents, $_) for grep { Weir::AgentTable::row($_->{name})->{repeats} } @$runs;
    return { map { ($_->{name} => $agents->verdict($_)) } @$runs };
}

# Of an agent that should lose nothing: which records nobody has, and what it said.
sub tell_lost ($agents, $run) {
    my $ids = $agents->ids($run);
    my @lost = grep { !$ids->{$_} } map { sprintf '%04d', $_ } 0 .. $run->{count} - 1 or return;
    splice @lost, 20 if @lost > 20;
    diag("$run->{name}: status $run->{status}, these records are lost: @lost\n" . $run->{process}->tail);
}

# The node is killed when a third of the records are there, and another one has its port by then: all connections break.
sub node_killed ($names, %options) {
    my $cluster = cluster($names);
    my $agents = Weir::Agents->new(cluster => $cluster, may_fail => 1, smallest => $options{smallest});
    my @runs = $agents->start_all($names, count => COUNT, gap_ms => GAP_MS);
    wait_until { accepted($cluster) > COUNT * @$names / 3 } 30, 'a third of the records';
    $cluster->start_node('n2');
    $cluster->wait_known(qw(a1 a2));
    $cluster->node(1)->kill_now;
    my $outcome = outcome($agents, \@runs, $options{patience} // 20);
    for my $run (grep { Weir::AgentTable::row($_->{name})->{format} eq 'otlp-grpc' } @runs) {
        is("$run->{status} $run->{log}", '0 ', "$run->{name} hears nothing but UNAVAILABLE and DEADLINE_EXCEEDED, which it repeats");
    }
    return $outcome;
}

# The node drains when a third of the records are there, and another one has its port by then.
sub node_drained ($names, %options) {
    my $cluster = cluster($names);
    my $agents = Weir::Agents->new(cluster => $cluster);
    my @runs = $agents->start_all($names, count => $options{count});
    wait_until { accepted($cluster) > $options{count} * @$names / 3 } 60, 'a third of the records';
    $cluster->start_node('n2');
    $cluster->wait_known(qw(a1 a2));
    $cluster->node(1)->signal('TERM');
    my $outcome = outcome($agents, \@runs, $options{patience} // 20);
    is($cluster->node(1)->wait_end(60), 0, 'a node that drains ends well');
    is("$_->{status} $_->{log}", '0 ', "$_->{name} sees no error") for @runs;
    return $outcome;
}

# All analyzers are killed when some of the records are there, and start again later.
sub analyzers_away ($names, %options) {
    my @spill = $options{spill} ? ('--spill-after', '200ms') : ('--spill-max-bytes', 0);
    my $cluster = cluster($names, '--ack-within', '300ms', @spill);
    my $agents = Weir::Agents->new(cluster => $cluster, may_fail => 1, smallest => $options{smallest});
    my @runs = $agents->start_all($names, count => COUNT, gap_ms => GAP_MS);
    wait_until { accepted($cluster) > COUNT * @$names / 5 } 30, 'some of the records';
    $cluster->analyzer($_)->kill_now for qw(a1 a2);
    if ($options{seconds}) {
        sleep $options{seconds};
    } else {
        wait_until { accepted($cluster) >= COUNT * @$names } 60, 'all of them to be stored';
    }
    $cluster->start_analyzer($_, 1) for qw(a1 a2);
    return outcome($agents, \@runs, $options{patience} // 20);
}

1;
