package Weir::Input;

# A node with one analyzer, and a bystander: a well-behaved client on a connection of its own, who
# must not notice what others do.
#
#   my $input = Weir::Input->start('--max-body', '4KiB');    # options of weir-node
#   ... $input->client ...
#   $input->bystander_is_well('after that');
#   $input->settles;    # last: nothing is left behind, and what was refused is counted
use v5.36;
use Test::More;
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

sub start ($class, @node_options) {
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, node => \@node_options);
    return $class->of($cluster);
}

sub of ($class, $cluster) {
    my $self = bless { cluster => $cluster, node => $cluster->node(1), n_accepted => 0, refused => {} }, $class;
    $self->{bystander} = $self->client;
    return $self;
}

sub node ($self) { return $self->{node} }
sub client ($self, %options) { return Weir::Raw->connect($self->{node}{ingest}, %options) }

# Sends all on a connection of its own and reads until the end: the answers.
sub talk ($self, @bytes) {
    my $client = $self->client;
    $client->send(join '', @bytes);
    $client->half_close;
    return $client->answers;
}

# Tells what is expected of the metrics in the end.
sub accepted ($self, $n) { $self->{n_accepted} += $n }
sub refused ($self, $code, $n = 1) { $self->{refused}{$code} += $n }

# Its connection may be closed, for its age or as idle, just when it sends: then it sends again, as agents do.
sub bystander_is_well ($self, $when) {
    my @headers = $self->{token} ? ("Authorization: Bearer $self->{token}") : ();
    my $answer;
    for (1 .. 2) {
        $self->{bystander} = $self->client if $self->{bystander}->ending(0);
        $self->{bystander}->send(request(POST => '/ingest', '{"messages":[{"who":"bystander"}]}', @headers));
        last if $answer = $self->{bystander}->answer;
    }
    $self->accepted(1);
    return is($answer && $answer->{status}, 202, "a bystander is served $when");
}

sub metric ($self, $name) { return metrics($self->{node})->{$name} // 0 }

# Refused requests by code, as the metrics count them.
sub refusals ($self) {
    my $metrics = metrics($self->{node});
    return { map { /^weir_refused_requests_total\{reason="(.+)"\}/ && $metrics->{$_} ? ($1 => $metrics->{$_}) : () }
        keys %$metrics };
}

sub settles ($self) {
    $self->{bystander}->close;
    for my $gauge (qw(weir_connections weir_held_bytes)) {
        my $is_zero = eval { wait_until { $self->metric($gauge) == 0 } 10, $gauge };
        ok($is_zero, "$gauge goes back to 0");
    }
    is_deeply($self->refusals, $self->{refused}, 'each refusal is counted by its reason');
    is($self->metric('weir_accepted_packets_total'), $self->{n_accepted}, 'and each packet that was accepted');
    is($self->node->end, 0, 'the node ends well');
}

1;
