# Clients that break off, come back, close one side, or send noise harm nobody but themselves.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 300;
my $input = Weir::Input->start('--max-body', '8MiB');
my $ok = request(POST => '/ingest', '{"messages":[1]}');
my $large = request(POST => '/ingest', '["' . 'x' x 3_000_000, 'Content-Length: 4000000');

# Waits until the node has seen that all but the bystander's connections are gone.
sub all_gone ($what) {
    # the bystander's connection has its memory charged, and nothing else
    my $gone = eval { wait_until { $input->metric('weir_connections') <= 1 && $input->metric('weir_held_bytes') < 4096 } 10, $what };
    ok($gone, "$what: nothing is kept");
    $input->bystander_is_well("after $what");
}

for my $end (qw(reset close half_close)) {
    for my $part ([ 'no byte', '' ], [ 'half a header section', substr $ok, 0, 30 ], [ 'half a body', substr $ok, 0, -3 ],
        [ 'half a large body', $large ], [ 'half a chunk', request(POST => '/ingest', "ff\r\n{", 'Transfer-Encoding: chunked') ]) {
        my @clients = map { $input->client } 1 .. 20;
        $_->send($part->[1]) for @clients;
        $_->$end for @clients;
        if ($end eq 'half_close' && length $part->[1]) {
            my @codes = map { $_->answer->{code} } @clients;
            is_deeply(\@codes, [ ('incomplete') x 20 ], "$part->[0] and no more: incomplete");
        }
        undef @clients;
        all_gone("$end after $part->[0]");
    }
}
my $n_incomplete = $input->refusals->{incomplete};
cmp_ok($n_incomplete, '>=', 80, 'requests that were cut short are counted');
$input->refused(incomplete => $n_incomplete);

# Whoever does not wait for the answer has still delivered.
for my $end (qw(reset close)) {
    my $before = $input->metric('weir_delivered_packets_total');
    for (1 .. 20) {
        my $client = $input->client;
        $client->send($ok x 10);
        wait_until { $input->metric('weir_delivered_packets_total') >= $before + $_ * 10 } 10, 'delivered' if $_ % 5 == 0;
        $client->$end;
    }
    all_gone("$end without waiting for answers");
}
my $n_accepted = $input->metric('weir_accepted_packets_total');
cmp_ok($n_accepted, '>', 200, 'packets of clients that are gone count as well');
$input->{n_accepted} = $n_accepted;

srand 42;
for my $seed (1 .. 100) {
    my $noise = join '', map { chr rand 256 } 1 .. rand 2000;
    my $mangled = $ok x 3;
    substr($mangled, rand length $mangled, 1 + rand 3) = chr rand 256 for 1 .. 3;
    for my $bytes ($noise, $mangled) {
        my $client = $input->client;
        $client->send($bytes);
        $client->half_close;
        my @strange = grep { $_->{status} !~ /^(?:2..|4..|501|505)$/ } $client->answers;
        fail("seed $seed: $_->{status}") for @strange;
    }
}
all_gone('noise');
$input->{refused} = $input->refusals;
$input->{n_accepted} = $input->metric('weir_accepted_packets_total');
is($input->metric('weir_received_packets_total'), $input->{n_accepted}, 'whatever was valid in it was accepted');
$input->settles;
done_testing;
