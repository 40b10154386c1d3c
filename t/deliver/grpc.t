# Deliveries by gRPC to weir-analyzer, plain and by TLS: by weight, each packet once, and nothing is lost when an analyzer is killed.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Certificates;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $ca = Weir::Certificates->new('ours');
my @certificate = $ca->make('a3', names => 'IP:127.0.0.1');
my @more = ('--grpc-listen', '127.0.0.1:0');
my %more = (a1 => [], a2 => [], a3 => [ '--tls-cert', $certificate[0], '--tls-key', $certificate[1] ]);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--deliver-ca', $ca->file, '--delivery-timeout', '60s' ]);
my $node = $cluster->node(1);
$cluster->start_analyzer($_, $share{$_}, @more, @{ $more{$_} }) for sort keys %share;
$cluster->wait_known(sort keys %share);
sub url ($id) { return http(GET => "$node->{admin}/v1/analyzers/$id")->{json}{url} =~ s/:\d+\z//r }
is_deeply([ map { url($_) } sort keys %share ], [qw(grpc://127.0.0.1 grpc://127.0.0.1 grpcs://127.0.0.1)], 'analyzers register their grpc:// and grpcs:// URLs');

# What the analyzers' own counters say.
sub processed { return { map { $_ => http(GET => 'http://' . $cluster->analyzer($_)->{addr} . '/processed')->{json}{processed} } keys %share } }
sub lost ($load) { my $times = $cluster->recorded; return grep { !$times->{$_} } @{ $load->{acked} } }

my $load = $cluster->load(count => 2000, messages => 5, rate => 0, connections => 16);
is($load->{status}, 0, '10 000 messages are accepted');
my $times = $cluster->recorded;
is_deeply([ grep { ($times->{$_} // 0) != 1 } @{ $load->{acked} } ], [], 'each of their packets is recorded once');
my $got = processed();
is(sum0(values %$got), 10_000, 'each message is counted once');
cmp_ok(abs($got->{$_} - 10_000 * $share{$_}), '<=', 200, "$_ got its share: $got->{$_}") for sort keys %share;

my $running = $cluster->begin_load(count => 2000, messages => 5, rate => 2000, retries => 50);
my $before = $cluster->counts->{a1};
wait_until { $cluster->counts->{a1} > $before + 500 } 20, 'the load to reach a1';
$cluster->analyzer('a1')->kill_now;
$cluster->start_analyzer(a1 => $share{a1}, @more)->wait_log(qr/msg=registered/);
my $second = $cluster->finish_load($running);
is($second->{status}, 0, 'no agent sees that an analyzer is killed');
is(scalar @{ $second->{acked} }, 2000, 'all packets are acknowledged');
wait_until { !lost($second) } 30, 'what was acknowledged to be recorded';
pass('and none of them is lost');

my $drained = $cluster->begin_load(count => 1000, messages => 5, rate => 2000);
$before = $cluster->counts->{a2};
wait_until { $cluster->counts->{a2} > $before + 200 } 20, 'the load to reach a2';
is($cluster->analyzer('a2')->end, 0, 'an analyzer ends under load');
my $third = $cluster->finish_load($drained);
is($third->{status}, 0, 'and no agent sees it');
is_deeply([ lost($third) ], [], 'and nothing is lost');
is_deeply([ grep { /level=error/ } split /\n/, $node->log ], [], 'the node logs no error');
done_testing;
