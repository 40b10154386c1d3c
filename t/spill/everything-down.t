# Analyzers and Redis are gone: agents are told at once to come again, nothing is kept, and once all is back everything is
# accepted.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::Raw;
use Weir::Test;

use constant SECONDS => $ENV{WEIR_LONG} ? 30 : 5;

alarm 600 + SECONDS;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => \%share);
my $load = $cluster->begin_load(rate => 1000, messages => '1-9', duration => 0, connections => 50);
my $sum = sub ($metric) { sum0 map { metrics($_)->{$metric} // 0 } $cluster->nodes };
my $memory = sub ($node) { return (slurp('/proc/' . $node->pid . '/status') =~ /^VmRSS:\s+(\d+) kB/m)[0] / 1024 };
my @request = (POST => '/ingest', '{"messages":[' . join(',', ('{"msg":"' . 'x' x 200 . '"}') x 6) . ']}');

# Asks each node in turn, for the given seconds: the seconds that each answer took, and how often each status came.
sub ask ($seconds) {
    my @clients = map { Weir::Raw->connect($_->{ingest}) } $cluster->nodes;
    my (@took, @alive, %answers);
    for (my $end = time + $seconds; time < $end;) {
        for my $client (@clients) {
            my @start = time;
            $client->send(request(@request));
            my $answer = $client->answer // die "no answer\n";
            push @start, time;
            $client->send(request(GET => '/livez'));
            $client->answer // die "no answer\n";
            push @took, $start[1] - $start[0];
            push @alive, time - $start[1];
            $answers{ $answer->{status} . (($answer->{headers}{'retry-after'} // '') =~ /^[1-9]\d*$/ ? ' Retry-After' : '') }++;
        }
    }
    return [ sort { $a <=> $b } @took ], \%answers, [ sort { $a <=> $b } @alive ];
}
sub percentile ($sorted, $percent) { return $sorted->[ $#$sorted * $percent / 100 ] }

wait_until { $sum->('weir_delivered_packets_total') >= 2000 } 20, 'the load is on';
my @before = map { $memory->($_) } $cluster->nodes;

# ---- down ----

$_->kill_now for $cluster->redis, map { $cluster->analyzer($_) } keys %share;
my ($took, $answers, $alive) = ask(SECONDS);
is_deeply([ keys %$answers ], ['503 Retry-After'], 'whoever asks is told to come again') or diag(explain($answers));
note(sprintf '%d answers: p50 %.1f ms, p99 %.1f ms, worst %.1f ms', scalar @$took, map { 1000 * percentile($took, $_) } 50, 99, 100);
cmp_ok(percentile($took, 50), '<', 0.01 + 20 * percentile($alive, 50), 'as soon as a node answers anything at all');
my @after = map { $memory->($_) } $cluster->nodes;
note(sprintf '%.1f -> %.1f MiB', $before[$_], $after[$_]) for 0 .. $#after;
cmp_ok(metrics($_)->{weir_held_bytes}, '<', 4 << 20, 'nothing is kept of what was refused') for $cluster->nodes;
is(http(GET => "http://$_->{ingest}/readyz")->{status}, 503, "$_->{name} is not ready") for $cluster->nodes;

# ---- back ----

$load->signal('INT');
my $report = $cluster->finish_load($load);
$cluster->redis->start;
my $back = time;
$cluster->start_analyzer($_, $share{$_}) for sort keys %share;
wait_until { (ask(0.1))[1]{202} && !(ask(0.2))[1]{'503 Retry-After'} } 10, 'packets to be accepted again';
note(sprintf 'after %.1f s', time - $back);
my $again = $cluster->load(rate => 1000, messages => '1-9', duration => 3, connections => 50);
is($again->{status}, 0, 'all is accepted again');
is(http(GET => "http://$_->{ingest}/readyz")->{status}, 200, "$_->{name} is ready") for $cluster->nodes;
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} }, @{ $again->{acked} } ], [], 'nothing that was acknowledged is lost');
is($sum->('weir_unaccounted_packets'), 0, 'every node knows what became of every packet');

done_testing;
