# What agents of syslog and GELF sent, byte for byte: whole, cut at every byte, two behind each other; chunks in any order.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Base qw(slurp);
use Weir::Listen;
use Weir::Test;

alarm 120;
my $listen = Weir::Listen->start([qw(syslog gelf)]);

# Name -> kind, bytes, messages; t/wire has some that were made for this test.
my %n = (
    'syslog-tcp-logger-lf.bin' => 1, 'syslog-tcp-logger.bin' => 1, 'syslog-tcp-rsyslog-lf.bin' => 5, 'syslog-tcp-rsyslog-octet.bin' => 5,
    'gelf-tcp-gelfpro.bin' => 1, 'syslog-lines.bin' => 3, 'syslog-counted.bin' => 3, 'syslog-mixed.bin' => 4, 'gelf-three.bin' => 3,
);
my @files = grep { -e } map { my $name = $_; map { "$_/$name" } "$Bin/../wire", "$Bin/../../../shared/wire" } sort keys %n;
for my $file (@files) {
    my ($name) = $file =~ m{([^/]+)$};
    my ($kind) = $name =~ /^(\w+?)-/;
    my $bytes = slurp($file);
    my $n = $n{$name};
    $listen->tcp($kind => $bytes);
    $listen->got("$kind-tcp", $n, "$name, whole");
    $listen->tcp($kind => $bytes . $bytes);
    $listen->got("$kind-tcp", 2 * $n, "$name, twice on one connection");
    $listen->tcp($kind => substr($bytes, 0, $_), substr($bytes, $_)) for 1 .. length($bytes) - 1;
    $listen->got("$kind-tcp", $n * (length($bytes) - 1), "$name, cut at every byte");
    $listen->tcp($kind => split //, $bytes);
    $listen->got("$kind-tcp", $n, "$name, byte by byte");
}
for my $kind (qw(syslog gelf)) {
    my @of_kind = grep { m{/$kind-[^/]+$} } @files;
    for my $first (@of_kind) {
        for my $second (@of_kind) {
            my @names = map { m{([^/]+)$} } $first, $second;
            $listen->tcp($kind => slurp($first) . slurp($second));
            $listen->got("$kind-tcp", sum0(@n{@names}), "$names[0] and $names[1] on one connection");
        }
    }
}

# Over UDP: a datagram is a message, chunked or not.
for my $folder ("$Bin/../wire", "$Bin/../../../shared/wire") {
    my @datagrams = map { slurp($_) } sort glob "$folder/gelf-udp-*.dgram" or next;
    my @whole = grep { !/^\x1e\x0f/ } @datagrams;
    my %chunks;
    push $chunks{ substr $_, 2, 8 }->@*, $_ for grep { /^\x1e\x0f/ } @datagrams;
    my @complete = grep { @$_ == ord substr $_->[0], 11, 1 } values %chunks;
    my $n = @whole + @complete;
    $listen->udp(gelf => @datagrams);
    $listen->got('gelf-udp', $n, "datagrams of $folder as they came");
    my %later = map { $_ => substr($_, 0, 2) . reverse(substr $_, 2, 8) . substr $_, 10 } grep { /^\x1e\x0f/ } @datagrams;
    $listen->udp(gelf => map { $later{$_} // $_ } reverse @datagrams);
    $listen->got('gelf-udp', $n, 'and from the last to the first');
}
is_deeply([ grep { /^weir_listen_dropped_messages_total\{/ && metrics($listen->node)->{$_} } sort keys metrics($listen->node)->%* ], [], 'nothing is dropped');
$listen->is_delivered('an analyzer has all of them');
is($listen->node->end, 0, 'the node ends well');
done_testing;
