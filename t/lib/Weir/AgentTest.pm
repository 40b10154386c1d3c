package Weir::AgentTest;

# What is expected of each agent with the smallest configuration of its page: it ends well, says nothing of an error, and each of its records is counted and delivered once.
#
#   agents_send(Weir::AgentTable::names('python'));            # all at once, and the test is done
use v5.36;
use Exporter qw(import);
use Test::More;
use Weir::Agents;
use Weir::Cluster;
use Weir::Test;

our @EXPORT = qw(agents_send);
use constant COUNT => 1000;

# An agent that gets no answer ends before its records are delivered.
sub wait_there ($agents, $run) {
    return eval { wait_until { $agents->n_there($run) >= COUNT } 10, "the records of $run->{name}"; 1 };
}

sub agents_send (@names) {
    alarm 600;
    my @listeners = sort keys %{ { map { ($_ => 1) } grep { $_ } map { Weir::AgentTable::row($_)->{listener} } @names } };
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 2 },
        node => [ '--ingest-status', 200, map { ("--$_-listen", '127.0.0.1:0') } @listeners ]);
    my $node = $cluster->node(1);
    $node->{$_} = $node->wait_log(qr/component=listen msg=listening .*listener=$_ addr=(\S+)/) for @listeners;
    my $agents = Weir::Agents->new(cluster => $cluster, smallest => 1);
    my %wanted;
    my @runs = $agents->start_all(\@names, count => COUNT);
    for my $run (@runs) {
        $agents->finish($run, 30);
        is($run->{status}, 0, "$run->{name} ends well");
        is($run->{log}, '', "$run->{name}: no error is in its log");
        wait_there($agents, $run) if Weir::AgentTable::row($run->{name})->{listener};
        is_deeply($agents->verdict($run), [ 0, 0 ], "$run->{name}: each of its records is at an analyzer once");
        $wanted{ Weir::AgentTable::row($run->{name})->{format} } += COUNT;
    }
    my $metrics = metrics($node);
    for my $format (sort keys %wanted) {
        is($metrics->{qq(weir_format_messages_total{format="$format"})}, $wanted{$format}, "$wanted{$format} messages of $format are counted");
    }
    is($metrics->{weir_accepted_messages_total}, COUNT * @names, 'and no others');
    is($metrics->{weir_refused_requests_total}, 0, 'nothing is refused');
    done_testing;
}

1;
