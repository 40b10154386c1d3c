# One slow analyzer holds up no agent: what takes longer than ack-within is held in the spill, and answered 202.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Test;

use constant { RATE => 300, SECONDS => 5 };
alarm 550;
my %share = (a1 => 0.4, a2 => 0.3, slow => 0.3);
sub n_spilled ($cluster) { return $cluster->redis->command(XLEN => 'weir:{default}:spill') }
sub sum ($cluster, $metric) { return sum0 map { metrics($_)->{$metric} // 0 } $cluster->nodes }
sub lost ($cluster, @reports) { my $times = $cluster->recorded; return [ grep { !$times->{$_} } map { @{ $_->{acked} } } @reports ] }

sub start ($n_nodes, @options) {
    my $cluster = Weir::Cluster->start(nodes => $n_nodes, analyzers => {}, node => [ '--ack-within', '300ms', @options ]);
    $cluster->start_analyzer($_, $share{$_}, $_ eq 'slow' ? ('--delay-ms', 800) : ()) for sort keys %share;
    $cluster->wait_known(keys %share);
    return $cluster;
}

sub verify_ok ($cluster) {
    wait_until { sum($cluster, 'weir_in_flight_packets') == 0 && n_spilled($cluster) == 0 } 30, 'all to be delivered and the spill to be empty';
    wait_until { run('weirctl', '--redis', $cluster->redis->url, 'verify')->{stdout} =~ /^accounts +ok .* spilled 0 of 0 /m } 10, 'the accounts to say so';
    is(sum($cluster, 'weir_unaccounted_packets'), 0, 'every node knows what became of every packet');
}

for my $connections (16, 40, 4) {
    subtest "$connections connections" => sub {
        my $cluster = start(2);
        my $first = $cluster->load(rate => RATE, duration => 3, connections => $connections);
        my $report = $cluster->load(rate => RATE, duration => SECONDS, connections => $connections);
        note(sprintf '%d packets accepted; p50 %.1f ms, p99 %.1f ms; %d held', $report->{accepted}{packets},
            (map { $report->{service_us}{$_} / 1000 } qw(p50 p99)), sum($cluster, 'weir_held_packets_total'));
        cmp_ok($report->{accepted}{packets}, '>=', 0.95 * RATE * SECONDS, 'what is offered comes through');
        cmp_ok(sum($cluster, 'weir_held_packets_total'), '>', 0, 'packets to the slow one are held');
        my $errors = $cluster->errors(\%share);
        cmp_ok(100 * Weir::Cluster::worst($errors) / sum0(values %{ $cluster->counts }), '<=', 0.5, 'it keeps its share');
        verify_ok($cluster);
        is_deeply(lost($cluster, $first, $report), [], 'nothing is lost');
    };
}

for my $connections (16, 40, 4) {
    subtest "one takes deliveries and never answers, $connections connections" => sub {
        my $flag = folder . "/hang.$connections";
        my $fake = Weir::FakeServer->start(sub ($n, $body, $path) { return $path eq '/ingest' && -e $flag ? { hang => 1 } : { status => 200 } });
        my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 0.4, a2 => 0.3 }, node => [ '--ack-within', '300ms' ]);
        http(PUT => $cluster->node(1)->{admin} . '/v1/analyzers/a3', { url => $fake->url('/ingest'), weight => 0.3, ttl_ms => 600_000 });
        $cluster->wait_known('a3');
        my $delivered = sub { metrics($cluster->node(1))->{'weir_delivered_packets_total{analyzer="a3"}'} // 0 };
        $cluster->load(rate => RATE, duration => 1, connections => $connections, messages => 1);
        cmp_ok($delivered->(), '>', 0, 'it answers at first');
        open my $file, '>', $flag or die "$flag: $!";
        $cluster->load(rate => RATE, duration => 3, connections => $connections, messages => 1);
        my $report = $cluster->load(rate => RATE, duration => SECONDS, connections => $connections, messages => 1);
        note(sprintf '%d packets accepted; p99 %.1f ms', $report->{accepted}{packets}, $report->{service_us}{p99} / 1000);
        cmp_ok($report->{accepted}{packets}, '>=', 0.95 * RATE * SECONDS, 'from 3 s after that, what is offered comes through');
        cmp_ok(sum($cluster, 'weir_held_packets_total'), '>', 0, 'what it had was held');
        verify_ok($cluster);
    };
}

subtest 'Redis is stopped beside it' => sub {
    my $cluster = start(1, '--redis-timeout', '100ms');
    my $load = $cluster->begin_load(rate => RATE, duration => 6, connections => 300);
    wait_until { sum($cluster, 'weir_held_packets_total') } 20, 'packets to be held';
    $cluster->redis->freeze;
    my $before = sum($cluster, 'weir_delivered_packets_total');
    wait_until { sum($cluster, 'weir_delivered_packets_total') > $before + RATE } 20, 'packets to be delivered without it';
    is(metrics($cluster->node(1))->{weir_refused_requests_total} // 0, 0, 'agents wait, and get no refusal');
    $cluster->redis->thaw;
    my $report = $cluster->finish_load($load);
    is($report->{status}, 0, 'no agent sees an error');
    verify_ok($cluster);
    is_deeply(lost($cluster, $report), [], 'nothing is lost');
};

subtest 'the spill is full' => sub {
    my $cluster = start(1, '--spill-max-bytes', '1');
    my $report = $cluster->load(rate => RATE, duration => 3, connections => 300);
    is($report->{status}, 0, 'agents wait for the delivery, and get no 503');
    is(sum($cluster, 'weir_held_packets_total'), 0, 'nothing is held');
    cmp_ok(sum($cluster, 'weir_hold_obstacles_total{reason="spill_full"}'), '>', 0, 'and the reason is counted');
    verify_ok($cluster);
};

subtest 'ack-within 0' => sub {
    my $cluster = start(1, '--ack-within', '0');
    is($cluster->load(rate => RATE, duration => 2, connections => 300)->{status}, 0, 'agents wait for the delivery');
    is(sum($cluster, 'weir_held_packets_total'), 0, 'nothing is held');
};

done_testing;
