# Three nodes share one port (SO_REUSEPORT) without a balancer and are restarted one after the other, under load on
# connections that stay and on ones of a single request. The kernel spreads connections over the listeners: one that it
# has given to a listener that is closed goes to another one only with net.ipv4.tcp_migrate_req, so a node takes over all
# that have come before it closes. What is left is a moment of microseconds.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

alarm 600;
my $migrates = slurp('/proc/sys/net/ipv4/tcp_migrate_req') + 0;
my $cluster = Weir::Cluster->start(nodes => 3, shared => 1, node => [ '--drain-delay', '500ms' ]);
my $stop = folder . '/stop';

# A process that asks on a new connection each time, until the stop file is there; its findings are in a file.
sub start_dialling () {
    my $file = folder . '/dialled';
    my $pid = fork // die "fork: $!";
    return ($pid, $file) if $pid;
    my (%came, $n);
    until (-e $stop) {
        my $client = Weir::Raw->connect($cluster->node(1)->{ingest});
        $client->send(request(POST => '/ingest', '{"id":"dial-' . ++$n . '"}', 'Connection: close')) if $client;
        my $answer = $client && $client->answer;
        $came{ $answer ? $answer->{status} . ($answer->{code} // '') : $client ? $client->{end} // 'nothing' : 'no connection' }++;
    }
    open my $out, '>', $file or die "$file: $!";
    print $out JSON::PP::encode_json(\%came);
    close $out;
    POSIX::_exit(0);
}

sub of ($counts) { return join ', ', map { "$_: $counts->{$_}" } sort keys %{ $counts // {} } }

my $load = $cluster->begin_load(rate => 3000, messages => '1-9', duration => 0, connections => 48);
my $patient = $cluster->begin_load(rate => 200, duration => 0, connections => 8, retries => 3);
my ($pid, $file) = start_dialling;
wait_until { sum0(values %{ $cluster->counts }) >= 20_000 } 20, 'the load is on';
for my $i (1 .. 3, 1 .. 3) {
    my ($status, $node) = $cluster->restart_node($i);
    is($status, 0, "$node->{name} ends well");
}
open my $out, '>', $stop or die "$stop: $!";
close $out;
waitpid $pid, 0;
$_->signal('INT') for $load, $patient;
my ($report, $kept) = map { $cluster->finish_load($_) } $load, $patient;
my $came = JSON::PP::decode_json(slurp($file));

note("net.ipv4.tcp_migrate_req is $migrates");
note(sprintf '%d packets on connections that stay: refused: %s; failed: %s; slowest answer %.0f ms', $report->{sent}{packets},
    of($report->{refused}{by_status}), of($report->{failed}{by_reason}), $report->{latency_us}{max} / 1000);
note('on a connection each: ' . of($came));
my $n_bad = sum0(values %$came) - $came->{202};
SKIP: { # how many come in that moment is the machine's to decide
    skip "$report->{failed}{packets} requests and $n_bad connections had bad luck, as the kernel does not migrate them", 2 if !$migrates;
    is($report->{failed}{packets}, 0, 'no request fails');
    is($n_bad, 0, 'nor on a new connection');
}
is($report->{refused}{packets}, 0, 'none is refused');
is($kept->{status}, 0, 'and none at all for who tries again');
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} }, @{ $kept->{acked} } ], [], 'nothing is lost');
done_testing;
