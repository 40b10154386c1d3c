# weir-loadgen keeps its schedule whatever the answers do, and says honestly what became of each packet.
use v5.28;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp ();
use JSON::PP;
use Test::More;
use Weir::FakeServer;

my $binary = ($ENV{WEIR_BIN} // "$Bin/../../build/bin") . '/weir-loadgen';
my $tmp = File::Temp->newdir;
alarm 600;

# Exit status and report of a run.
sub loadgen {
    my (@args) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) { open STDERR, '>', "$tmp/stderr"; exec $binary, '--json', @args or die "$binary: $!" }
    my $text = do { local $/; <$out> };
    close $out;
    return ($? >> 8, $text ? decode_json($text) : undef);
}

sub ids { return map { decode_json($_)->{id} } @_ }

{
    my $server = Weir::FakeServer->start(sub { {} });
    my ($status, $r) = loadgen('--target', $server->url('/ingest'), '--rate', 500, '--duration', 1, '--messages', '2-4', '--acked', "$tmp/acked");
    my @bodies = $server->bodies;
    my $messages = 0;
    $messages += @{ decode_json($_)->{messages} } for @bodies;
    is($status, 0, 'all accepted: exit status 0');
    is($r->{sent}{packets}, 500, 'as many packets as the rate and the time say');
    is(scalar @bodies, 500, 'and the server got each of them');
    is($r->{accepted}{messages}, $messages, 'the messages reported are those that were sent');
    my %unique = map { $_ => 1 } ids(@bodies);
    is(scalar keys %unique, 500, 'every packet has an id of its own');
    open my $acked, '<', "$tmp/acked" or die $!;
    chomp(my @acked = <$acked>);
    is_deeply([ sort @acked ], [ sort keys %unique ], '--acked has the id of each accepted packet');
    cmp_ok($r->{elapsed_s}, '>=', 0.99, 'the packets were sent over the whole time');
}
{
    # All connections stall for a second at the start: what became due meanwhile is late, not fewer, and its latency says so.
    my $server = Weir::FakeServer->start(sub { my ($n) = @_; $n <= 4 ? { delay => 1 } : {} });
    my ($status, $r) = loadgen('--target', $server->url, '--rate', 200, '--duration', 2, '--connections', 4);
    is("$status $r->{accepted}{packets}", '0 400', 'a stalled server does not slow the schedule');
    ok($r->{max_backlog} > 100, 'what was due meanwhile waited in the backlog');
    ok($r->{lateness_us}{max} > 800_000 && $r->{lateness_us}{p90} > 100_000, 'lateness is reported');
    ok($r->{latency_us}{p90} > 100_000 && $r->{service_us}{p90} < $r->{latency_us}{p90}, 'latency counts from when a packet was due');
}
{
    my $server = Weir::FakeServer->start(sub { { delay => 0.5 } });
    my ($status, $r) = loadgen('--target', $server->url, '--rate', 100, '--count', 40, '--connections', 1, '--backlog', 5, '--timeout', '2s');
    ok($status == 1 && $r->{dropped} > 0 && $r->{max_backlog} <= 5, 'beyond --backlog packets are dropped, and the run is not fine');
    is($r->{sent}{packets} + $r->{dropped} + $r->{unsent}, 40, 'each packet that was due is accounted for');
}
{
    my $server = Weir::FakeServer->start(sub { my ($n) = @_; return ({}, { status => 503 }, { drop => 1, close => 1 }, { status => 400, close => 1 })[ $n % 4 ] });
    my ($status, $r) = loadgen('--target', $server->url, '--rate', 0, '--count', 40, '--connections', 1);
    is($status, 1, 'not all accepted: exit status 1');
    is($r->{sent}{packets}, $r->{accepted}{packets} + $r->{refused}{packets} + $r->{failed}{packets}, 'sent is accepted, refused and failed');
    cmp_ok($r->{refused}{by_status}{503}, '>', 0, 'refusals are counted by status');
    cmp_ok($r->{resent}, '>', 0, 'a used connection that was closed under a request gets it again, and that is counted');
    is($r->{sent}{packets} + $r->{resent}, scalar(() = $server->bodies), 'the server saw what was sent and resent');
}
{
    my %seen;
    my $server = Weir::FakeServer->start(sub { my ($n, $body) = @_; my ($id) = $body =~ /"id":"([^"]+)"/; $seen{$id}++ ? {} : { status => 503, headers => ['Retry-After: 0'] } });
    my ($status, $r) = loadgen('--target', $server->url, '--count', 20, '--retries', 3);
    is("$status $r->{accepted}{packets} $r->{retried} $r->{refused}{packets}", '0 20 20 0', '--retries sends a refused packet again, as an agent would');
}
{
    my $server = Weir::FakeServer->start(sub { { hang => 1 } });
    my ($status, $r) = loadgen('--target', $server->url, '--count', 3, '--timeout', '200ms');
    is("$status $r->{failed}{packets} $r->{failed}{by_reason}{timeout}", '1 3 3', 'a silent server is a timeout');
    $server->stop;
    ($status, $r) = loadgen('--target', $server->url, '--count', 3, '--timeout', '1s');
    is("$status $r->{failed}{by_reason}{connect}", '1 3', 'a server that is gone is a failed connect');
}
{
    # None answers, so none is free again before all have had their turn, twice.
    my @servers = map { Weir::FakeServer->start(sub { { hang => 1 } }) } 1 .. 3;
    loadgen('--target', join(',', map { $_->url } @servers), '--count', 6, '--connections', 12, '--timeout', '3s');
    is_deeply([ map { scalar(() = $_->bodies) } @servers ], [ 2, 2, 2 ], 'targets take turns');
    open my $file, '>', "$tmp/log" or die $!;
    print $file "first \"line\"\n\nsecond\xFFline\n";
    close $file;
    my $server = Weir::FakeServer->start(sub { {} });
    loadgen('--target', $server->url, '--replay', "$tmp/log", '--messages', 2, '--count', 2);
    is_deeply([ map { $_->{message} } map { @{ decode_json($_)->{messages} } } $server->bodies ], [ ('first "line"', "second\x{FFFD}line") x 2 ],
        'a file is replayed again and again, each line a message');
}
is(system('sh', '-c', 'timeout -s KILL 20 "$0" --target http://127.0.0.1:1 --replay - 0>/dev/null 2>/dev/null', $binary) >> 8, 1, 'lines that cannot be read are exit status 1');
is((loadgen(@$_))[0], 2, "a wrong command line is exit status 2: @$_")
    for [], [ '--target', 'nonsense' ], [ '--target', 'http://127.0.0.1:1', '--messages', '9-1' ], [ '--target', 'http://127.0.0.1:1', '--duration', 'soon' ];

done_testing;
