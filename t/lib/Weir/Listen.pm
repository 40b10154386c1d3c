package Weir::Listen;

# A node with listeners that are not HTTP, and an analyzer.
#
#   my $listen = Weir::Listen->start([qw(syslog gelf)], '--max-body', '64KiB');    # options of weir-node
#   $listen->tcp(syslog => "<13>hello\n");           # on a connection of its own, which is closed then
#   $listen->udp(gelf => @datagrams);
#   $listen->got('syslog-tcp', 1, 'a line is a message');
use v5.36;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Base qw(slurp);
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

sub start ($class, $kinds, @options) {
    my %cluster = ref $options[-1] ? %{ pop @options } : ();
    push @options, map { ("--$_-listen", '127.0.0.1:0') } @$kinds;
    my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1 }, %cluster, node => \@options);
    my $self = bless { cluster => $cluster, node => $cluster->node(1), got => {} }, $class;
    $self->find_addresses($kinds);
    return $self;
}

sub find_addresses ($self, $kinds) {
    $self->{addr}{$_} = $self->{node}->wait_log(qr/component=listen msg=listening .*listener=$_ addr=(\S+)/) for @$kinds;
}

sub node ($self) { return $self->{node} }
sub cluster ($self) { return $self->{cluster} }
sub client ($self, $kind, %options) { return Weir::Raw->connect($self->{addr}{$kind}, %options) }
sub metric ($self, $name) { return metrics($self->{node})->{$name} // 0 }
sub messages ($self, $listener) { return $self->metric(qq(weir_listen_messages_total{listener="$listener"})) }
sub dropped ($self, $listener, $reason) { return $self->metric(qq(weir_listen_dropped_messages_total{listener="$listener",reason="$reason"})) }

sub tcp ($self, $kind, @pieces) {
    my $client = $self->client($kind);
    $client->send($_) for @pieces;
    return $client->close;
}

sub udp ($self, $kind, @datagrams) {
    my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => $self->{addr}{$kind}) // die "socket: $!";
    $socket->send($_) // die "send: $!" for @datagrams;
    return $socket;
}

# That number of messages more came at the listener than before; and, in the end, at the analyzer.
sub got ($self, $listener, $n, $what) {
    my $wanted = $self->{got}{$listener} += $n;
    eval { wait_until { $self->messages($listener) >= $wanted } 2, $what };
    my $got = $self->messages($listener);
    $self->{got}{$listener} = $got;
    return is($got, $wanted, $what);
}

sub is_delivered ($self, $what) {
    my $n = 0;
    $n += $_ for values $self->{got}->%*;
    eval { wait_until { $self->metric('weir_delivered_messages_total') >= $n } 10, $what };
    return is($self->metric('weir_delivered_messages_total'), $n, $what);
}

# What the analyzers have, a packet each.
sub packets ($self) {
    return map { my $line = $_; eval { decode_json($line) } // () } map { split /\n/, slurp($_->[1]) } $self->{cluster}{records}->@*;
}

1;
