# All formats at once, over three nodes, by HTTP and at the listeners: the messages in them are divided by weight, whatever
# envelope they come in.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP qw(decode_json);
use List::Util qw(shuffle sum0);
use Test::More;
use Weir::Base qw(slurp);
use Weir::Cluster;
use Weir::Msgpack qw(array bin map_of pack_of);
use Weir::Raw;
use Weir::Test;

alarm 600;
srand 17;
use constant ROUNDS => 40;
my %weights = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my (@requests, %formats);
for my $folder (grep { -e "$_/expected.json" } "$Bin/../wire", "$Bin/../../../shared/wire") {
    my $expected = decode_json(slurp("$folder/expected.json"));
    for my $name (grep { /\.req$/ && $expected->{$_}{messages} } sort keys %$expected) {
        push @requests, [ slurp("$folder/$name") =~ s/^(?:connection|expect):[^\n]*\n//gmir, $expected->{$name}{messages} ];
    }
}
cmp_ok(scalar @requests, '>', 20, 'there are recorded requests');

# What is sent at a listener: a different number of messages each time.
my %wires = (
    syslog => sub ($n) { join '', map { "<13>line $_\n" } 1 .. $n },
    gelf => sub ($n) { join '', map { qq({"version":"1.1","host":"h","short_message":"$_"}\0) } 1 .. $n },
    forward => sub ($n) { pack_of(array('app', bin(join '', map { pack_of(array(5, map_of(log => "event $_"))) } 1 .. $n))) },
);
my $cluster = Weir::Cluster->start(nodes => 3, analyzers => \%weights, node => [ map { ("--$_-listen", '127.0.0.1:0') } sort keys %wires ]);
my @clients = map { Weir::Raw->connect($_->{ingest}) } map { ($_) x 4 } $cluster->nodes;
my @senders;
for my $node ($cluster->nodes) {
    push @senders, map { [ $_, Weir::Raw->connect($node->wait_log(qr/component=listen msg=listening .*listener=$_ addr=(\S+)/)) ] } sort keys %wires;
}
my ($n_messages, %statuses) = (0);
for (1 .. ROUNDS) {
    for my $client (@clients) { # as many at once as an agent may pipeline
        my @mix = (shuffle @requests)[ 0 .. 19 ];
        $client->send(join '', map { $_->[0] } @mix);
        $n_messages += sum0 map { $_->[1] } @mix;
    }
    for (@senders) {
        my ($kind, $sender) = @$_;
        my $n = 1 + int rand 40;
        $sender->send($wires{$kind}->($n));
        $n_messages += $n;
    }
    for my $client (@clients) { $statuses{ ($client->answer // { status => 'none' })->{status} }++ for 1 .. 20 }
}
is_deeply([ grep { !/^20[024]$/ } keys %statuses ], [], 'all of them are accepted');
is(sum0(values %statuses), ROUNDS * 20 * @clients, 'each request has its answer');

wait_until { sum0(values %{ $cluster->counts('delivered') }) == $n_messages } 20, 'all deliveries to be counted';
my $got = $cluster->counts('delivered');
is(sum0(values %$got), $n_messages, "$n_messages messages are delivered");
for my $id (sort keys %weights) {
    cmp_ok(abs($got->{$id} / $n_messages - $weights{$id}), '<=', 0.005, "$id has its share of the messages, within half a percent");
}
my %seen;
for my $metrics (map { metrics($_) } $cluster->nodes) { /^weir_format_messages_total\{/ && $metrics->{$_} && $seen{$_}++ for keys %$metrics }
is(scalar keys %seen, 17, 'they came in all formats that there are');
done_testing;
