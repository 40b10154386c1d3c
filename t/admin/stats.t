# Figures under the short names that scripts try first, and GET /v1/cluster as weirctl has it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 450;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 3, a2 => 1 });
my $node = $cluster->node(1);

sub get ($path, $on = $node) { return http(GET => "$on->{admin}$path") }

my @sizes = map { 1 + $_ % 5 } 1 .. 400;
my $total = 0;
for my $size (@sizes) {
    my $answer = http(POST => "http://" . $cluster->node(1 + $total % 2)->{ingest} . '/ingest', { messages => [ (1) x $size ] });
    $total += $size if $answer->{status} == 202;
}
is($total, 1200, 'packets are sent');

for my $n (1, 2) {
    my $on = $cluster->node($n);
    my $stats = wait_until { my $s = get('/stats', $on)->{json}; $s->{messages} == $total && $s } 15, "node $n to have seen it all";
    is($stats->{packets}, scalar(@sizes), "node $n: stats have the packets of the whole pool");
    my $of = $stats->{analyzers};
    is($of->{a1}{delivered} + $of->{a2}{delivered}, $total, "node $n: and by analyzer");
    cmp_ok(abs($of->{a1}{actual} - 0.75), '<', 0.01, "node $n: in their shares");
    is_deeply([ map { $of->{$_}{share} } qw(a1 a2) ], [ 0.75, 0.25 ], "node $n: as they should be");
    like($stats->{age_ms}, qr/^\d+$/, "node $n: and say how old they are");
}
my $queue = get('/queue')->{json};
is_deeply([ sort keys %{ $queue->{analyzers} } ], [qw(a1 a2)], 'the queue is of each analyzer');
is_deeply([ sort keys %{ $queue->{analyzers}{a1} } ], [qw(flying_batches paused_workers queued_packets)], 'its lanes');
is($queue->{spill}{packets}, 0, 'and the spill');
my $analyzers = get('/analyzer/stats')->{json}{analyzers};
is("@{ $analyzers->{a2} }{qw(weight state health)}", '1 active up', 'an analyzer has its configuration and health');
is($analyzers->{a1}{delivered} + $analyzers->{a2}{delivered}, $total, 'and figures');
my $health = get('/health');
is_deeply([ $health->{status}, @{ $health->{json} }{qw(status redis node)} ], [ 200, 'ok', 'up', 'n1' ], 'a node that is ready is healthy');

# Both read at once, when nothing moves.
sub values_of ($text) {
    my %values;
    while ($text =~ /^(\w+)(\{.*\})? (\S+)$/mg) { $values{ $1 . ($2 // '') } = 0 + $3 }
    return \%values;
}
sub as_text ($json) {
    my %values;
    for my $name (keys %$json) {
        for my $value (@{ $json->{$name}{values} }) {
            my @labels = map { qq($_="$value->{labels}{$_}") } sort keys %{ $value->{labels} };
            my $at = sub ($suffix, @more) { my $l = join ',', @labels, @more; $name . $suffix . ($l ? "{$l}" : '') };
            $values{ $at->('') } = $value->{value}, next if exists $value->{value};
            $values{ $at->('_bucket', qq(le="$_")) } = $value->{buckets}{$_} for keys %{ $value->{buckets} };
            $values{ $at->("_$_") } = $value->{$_} for qw(sum count);
        }
    }
    return \%values;
}
my ($text, $json) = (values_of(get('/metrics')->{content}), as_text(get('/metrics-json')->{json}));
is_deeply([ sort map { join ',', sort split /,/, s/[{}]/,/gr } keys %$json ], [ sort map { join ',', sort split /,/, s/[{}]/,/gr } keys %$text ],
    'metrics as JSON are those that Prometheus gets');
my @still = grep { /^weir_(?:received|delivered|accepted)_/ } keys %$text;
cmp_ok(@still, '>', 5, 'there are some that do not move');
is_deeply([ map { $json->{$_} } @still ], [ map { $text->{$_} } @still ], 'with the same values');

# What runs on between two looks is left out.
sub still ($cluster) {
    delete @$_{qw(heartbeat_age_ms processed)} for @{ $cluster->{analyzers} };
    return $cluster;
}
# Of what weirctl tells, that which the API tells: rates and windows are left out.
sub part ($found, $like) {
    return ref $like eq 'HASH' ? { map { ($_ => part($found->{$_}, $like->{$_})) } keys %$like }
        : ref $like eq 'ARRAY' ? [ map { part($found->[$_], $like->[$_]) } 0 .. $#$like ] : $found;
}
wait_until { my $c = still(get('/v1/cluster')->{json}); my $ctl = run('weirctl', '--redis', $cluster->redis->url, 'status', '--json')->{json};
    JSON::PP->new->canonical->encode($c) eq JSON::PP->new->canonical->encode(part(still($ctl), $c)) } 10, 'weirctl and the API to agree';
pass('weirctl status --json has all that /v1/cluster has');

$cluster->redis->kill_now;
my $away = wait_until { my $h = get('/health'); $h->{json}{redis} eq 'away' && $h } 10, 'the node to notice that Redis is away';
is("$away->{status} $away->{json}{status}", '200 ok', 'without Redis it is as ready as ever');
cmp_ok(get('/stats')->{json}{messages}, '==', $total, 'and tells what it saw last');
done_testing;
