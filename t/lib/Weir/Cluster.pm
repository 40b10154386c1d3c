package Weir::Cluster;

# A Redis, nodes and analyzers, and load on them.
#
#   my $cluster = Weir::Cluster->start(nodes => 3, analyzers => {a1 => 0.5, a2 => 0.3, a3 => 0.2});
#
# On a busy machine Redis and analyzers may take their time: for that no node routes without Redis, nor stores packets (ack-within). Options: shared => 1 (all nodes on one ingest port), node => [options of weir-node], redis => another than a Weir::Redis of its own.
use v5.36;
use List::Util qw(max sum0);
use Weir::Base qw(until_true);
use Weir::Test;

sub start ($class, %options) {
    my $self = bless { redis => $options{redis} // Weir::Redis->new, nodes => [], analyzers => {}, records => [], %options{qw(shared node)} }, $class;
    $self->start_node("n$_") for 1 .. $options{nodes};
    my $weights = $options{analyzers} // { a1 => 0.5, a2 => 0.3, a3 => 0.2 };
    $self->start_analyzer($_, $weights->{$_}) for sort keys %$weights;
    $self->wait_known(keys %$weights);
    wait_until { @{ $self->cluster->{nodes} } == $self->nodes } 10, 'all nodes are known';
    $_->wait_log(qr{msg=connected .*link=\S+/store }) for $self->nodes; # the spill can take packets
    return $self;
}

# Every node can send to these.
sub wait_known ($self, @ids) {
    for my $node ($self->nodes) { $node->wait_log(qr/msg="analyzer known" .*analyzer=$_ /) for @ids }
}

# ---- programs ----

# Where the admin port of node $i is or will be: it is ours before the node is there.
sub admin ($self, $i) {
    return $self->{admins}[ $i - 1 ] //= '127.0.0.1:' . free_port;
}

sub start_node ($self, $id, @more) {
    my $first = $self->{nodes}[0];
    my $admin = $self->admin(1 + $self->nodes);
    my $listen = $self->{shared} && $first ? $first->{ingest} : '127.0.0.1:' . free_port;
    my $node = Weir::Process->start([ 'weir-node', '--listen', $listen, '--admin-listen', $admin, '--node-id', $id,
        '--redis', $self->{redis}->url, '--workers', 1, '--drain-delay', '0ms', '--redis-timeout', '5s', '--ack-within', '0', @{ $self->{node} // [] }, @more ], name => $id);
    push @{ $self->{nodes} }, $node;
    $node->{ingest} = $node->wait_log(qr/component=node msg=listening .*addr=(\S+)/);
    $node->{admin} = 'http://' . $node->wait_log(qr/component=admin msg=listening .*addr=(\S+)/);
    return $node;
}

# SIGTERM, its end, and another process in its place: the exit status of the old one, and the new one.
sub restart_node ($self, $i) {
    my $old = $self->node($i);
    $old->signal('TERM');
    my $status = $old->wait_end;
    my $new = $self->start_node($old->name, '--listen', $old->{ingest}, '--admin-listen', $old->{admin} =~ s{^http://}{}r);
    splice @{ $self->{nodes} }, $i - 1, 1, pop @{ $self->{nodes} };
    wait_until { http(GET => "$new->{admin}/readyz")->{status} == 200 } 10, "$new->{name} to be ready again";
    return ($status, $new);
}

# Registers with the first node; when all nodes have gone, with the next one that is started. Every start has a record
# file of its own.
sub start_analyzer ($self, $id, $weight, @more) {
    state $n = 0;
    my $record = sprintf '%s/%s.%d.record', folder, $id, ++$n;
    push @{ $self->{records} }, [ $id, $record ];
    push @more, '--replace' if $self->{analyzers}{$id}; # the same one again, on another port
    my @admins = ((map { $_->{admin} } $self->nodes), 'http://' . $self->admin(1 + $self->nodes));
    my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', $id, '--weight', $weight, '--listen', '127.0.0.1:0',
        '--record', $record, '--register', join(',', @admins), @more ], name => $id);
    $analyzer->{addr} = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
    return $self->{analyzers}{$id} = $analyzer;
}

sub redis ($self) { return $self->{redis} }
sub nodes ($self) { return @{ $self->{nodes} } }
sub node ($self, $i) { return $self->{nodes}[ $i - 1 ] }
sub analyzer ($self, $id) { return $self->{analyzers}{$id} }

# One of these nodes has found this analyzer silent, though no test did anything to it.
sub was_held_up ($self, $id, @nodes) {
    return scalar grep { $self->node($_)->log =~ /analyzer=$id .*(?:state=hanging|error="no answer in time"|reason=timeout)/ } @nodes;
}

# ---- what the cluster says of itself ----

# A machine that holds Redis up for a moment is asked again.
sub cluster ($self, $i = 1) {
    my $response;
    until_true(5, sub () {
        $response = http(GET => $self->node($i)->{admin} . '/v1/cluster');
        return $response->{content} !~ /"registry_away"/;
    });
    die "cluster: $response->{status} $response->{content}" if $response->{status} != 200;
    return $response->{json};
}

# id -> messages, by any counter of an analyzer.
sub counts ($self, $counter = 'routed') {
    return { map { $_->{id} => $_->{$counter} } @{ $self->cluster->{analyzers} } };
}

# How far each analyzer is from its share of what was counted since: {id => messages}.
sub errors ($self, $shares, $since = {}) {
    my $now = $self->counts;
    my %got = map { $_ => $now->{$_} - ($since->{$_} // 0) } keys %$now;
    my $total = sum0 values %got;
    my $weights = sum0 values %$shares;
    return { map { $_ => $got{$_} - $total * ($shares->{$_} // 0) / $weights } keys %got };
}

sub worst ($errors) { return max map { abs } values %$errors }

sub patch ($self, $id, $changes) {
    my $response = http(PATCH => $self->node(1)->{admin} . "/v1/analyzers/$id", $changes);
    die "PATCH: $response->{status} $response->{content}" if $response->{status} != 200;
}

# ---- what the analyzers wrote down ----

# Packet id -> how often it is in the record files.
sub recorded ($self) {
    my %times;
    for my $record (@{ $self->{records} }) {
        $times{$_}++ for slurp($record->[1]) =~ /"id":"([^"]+)"/g;
    }
    return \%times;
}

# ---- load ----

# Begins a run of weir-loadgen over all nodes; finish_load gives its report. Options as on its command line.
sub begin_load ($self, %options) {
    state $n = 0;
    my $out = sprintf '%s/load.%d', folder, ++$n;
    my @targets = $self->{shared} ? $self->node(1) : $self->nodes;
    my %all = (target => join(',', map { "http://$_->{ingest}/ingest" } @targets), connections => 24, acked => "$out.acked", %options);
    my $load = Weir::Process->start([ 'weir-loadgen', '--json', map { ("--$_" => $all{$_}) } sort keys %all ],
        name => 'loadgen', stdout => "$out.json", may_end => 1);
    @$load{qw(out acked)} = ("$out.json", $all{acked});
    return $load;
}

# Lets a run without end stop; the report, with `status` and `acked` (list of packet ids).
sub finish_load ($self, $load, $seconds = 60) {
    my $status = $load->wait_end($seconds) // die "the load does not end\n";
    my $report = eval { JSON::PP::decode_json(slurp($load->{out})) } // die "loadgen: no report\n";
    return { %$report, status => $status, acked => [ split /\n/, slurp($load->{acked}) ] };
}

sub load ($self, %options) { return $self->finish_load($self->begin_load(%options)) }

1;
