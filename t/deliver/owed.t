# A slow analyzer keeps its share of what is routed. What it cannot take goes to others, and it gets that once it is fast again, up to catchup-max-messages.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

use constant { RATE => 400, SLOW => '800ms', TOLERANCE => 0.005 };
alarm 550;
my %share = (a1 => 0.3, a2 => 0.2, slow => 0.5);

sub total ($cluster, $since = {}) { return sum0(values %{ $cluster->counts }) - sum0(values %$since) }
sub sum ($cluster, $metric) { return sum0 map { metrics($_)->{$metric} // 0 } $cluster->nodes }
sub owed ($cluster) { return -$cluster->errors(\%share)->{slow} }
sub forgiven ($cluster) { return $cluster->counts('forgiven')->{slow} }

sub fault ($cluster, @fault) {
    my $told = run('weirctl', '--redis', $cluster->redis->url, 'fault', 'slow', @fault);
    die "weirctl fault: $told->{stderr}" if $told->{status};
}

# Under load, and slow already; `accepts` says whether a delivery may have many packets or one, of which 64 at once are the most.
sub start ($accepts, $messages, @options) {
    my $cluster = Weir::Cluster->start(nodes => 2, analyzers => {}, node => [ '--ack-within', '300ms', @options ]);
    $cluster->start_analyzer($_, $share{$_}, '--ttl', '2s', $_ eq 'slow' ? ('--accepts', $accepts) : ()) for sort keys %share;
    $cluster->wait_known(keys %share);
    my $load = $cluster->begin_load(rate => RATE, messages => $messages, duration => 0, connections => 16);
    wait_until { total($cluster) >= RATE } 20, 'the load is on';
    fault($cluster, '--latency', SLOW);
    wait_until { sum($cluster, 'weir_held_packets_total') } 30, 'packets to the slow one to be held';
    return ($cluster, $load);
}

sub end_ok ($cluster, $load) {
    $load->signal('INT');
    my $report = $cluster->finish_load($load);
    is($report->{status}, 0, 'no agent sees an error');
    wait_until { my $times = $cluster->recorded; !grep { !$times->{$_} } @{ $report->{acked} } } 30, 'all to be recorded';
    pass('nothing is lost');
}

subtest 'it can take its share' => sub {
    my ($cluster, $load) = start('batch', '1-9');
    my $since = $cluster->counts;
    wait_until { total($cluster, $since) >= 20_000 } 60, '20000 messages while it is slow';
    my $percent = 100 * Weir::Cluster::worst($cluster->errors(\%share, $since)) / total($cluster, $since);
    cmp_ok($percent, '<=', 100 * TOLERANCE, sprintf 'the shares of what is routed meanwhile are %.3f %% off', $percent);
    end_ok($cluster, $load);
};

subtest 'it cannot take its share' => sub {
    my ($cluster, $load) = start('packet', 1);
    wait_until { owed($cluster) >= 500 } 60, 'it to be owed 500 messages';
    pass('what it cannot take goes to others');
    fault($cluster, '--clear');
    wait_until { Weir::Cluster::worst($cluster->errors(\%share)) <= TOLERANCE * total($cluster) } 60, 'the shares of the whole to be right';
    pass('once it is fast again it gets what it is owed: the shares of the whole are right');
    is(forgiven($cluster), 0, 'nothing of that was written off');
    end_ok($cluster, $load);
};

subtest 'it is owed more than catchup-max-messages' => sub {
    my ($cluster, $load) = start('packet', 1, '--catchup-max-messages', 100);
    wait_until { forgiven($cluster) >= 500 } 60, '500 messages to be written off';
    pass('what is beyond that is written off, and told');
    fault($cluster, '--clear');
    my $missing = sub { owed($cluster) - forgiven($cluster) };
    wait_until { abs $missing->() <= TOLERANCE * total($cluster) } 60, 'what it is owed within the bound to be made up for';
    pass('once it is fast again it gets the rest, and no more: what is written off is what it lacks');
    my $end = total($cluster) + 10 * RATE;
    wait_until { total($cluster) >= $end } 60, 'more packets';
    cmp_ok(abs $missing->(), '<=', TOLERANCE * total($cluster), 'and then it keeps its share');
    end_ok($cluster, $load);
};

done_testing;
