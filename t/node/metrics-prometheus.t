# A real Prometheus scrapes a real cluster: it takes OpenMetrics, and finds all that dashboard, recording rules and alerts ask for.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Copy qw(copy);
use JSON::PP;
use List::Util qw(uniq);
use Test::More;
use Weir::Build;
use Weir::Cluster;
use Weir::Process;
use Weir::Test;

plan skip_all => 'prometheus is not installed' if !grep { -x "$_/prometheus" } split /:/, $ENV{PATH};
alarm 600;
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.3 });
$cluster->start_analyzer(a3 => 0.2, '--error-rate', 0.05); # so that something fails
$cluster->wait_known('a3');

# ---- Prometheus ----

my $dashboards = checkout . '/helm/weir/dashboards';
copy("$dashboards/rules.yaml", folder) or die "copy: $!";
my %addrs = (weir => [ map { $_->{admin} =~ s{^http://}{}r } $cluster->nodes ], 'weir-analyzer' => [ map { $_->{addr} } values %{ $cluster->{analyzers} } ]);
my %config = (
    global => { scrape_interval => '1s', evaluation_interval => '1s' },
    rule_files => ['rules.yaml'],
    scrape_configs => [ map { { job_name => $_, static_configs => [ { targets => $addrs{$_}, labels => { namespace => 'n', pod => 'p' } } ] } } sort keys %addrs ],
);
open my $file, '>', folder . '/prometheus.json' or die "prometheus.json: $!";
print $file encode_json(\%config); # which is YAML, too
close $file;
my $port = free_port;
my $prometheus = Weir::Process->start([ 'prometheus', '--config.file=' . folder . '/prometheus.json', '--storage.tsdb.path=' . folder . '/tsdb',
    "--web.listen-address=127.0.0.1:$port", '--log.level=warn' ], name => 'prometheus');

sub ask ($path, %arguments) {
    my $query = join '&', map { "$_=" . $arguments{$_} =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger } sort keys %arguments;
    my $response = http(GET => "http://127.0.0.1:$port/api/v1/$path?$query");
    return $response->{status} =~ m{^5} ? undef : decode_json($response->{content}); # it is starting
}
sub query ($query) {
    my $answer = ask(query => query => $query);
    return $answer->{status} eq 'success' ? $answer->{data}{result} : diag("$query: $answer->{error}") && [];
}
sub value ($query) { return (query($query)->[0] // { value => [] })->{value}[1] }

wait_until { my $targets = ask('targets'); $targets && 5 == grep { $_->{health} eq 'up' } @{ $targets->{data}{activeTargets} } } 30, 'all to be scraped';
is(join(' ', map { $_->{lastError} } @{ ask('targets')->{data}{activeTargets} }), '    ', 'no scrape finds fault with what it reads');
my $known = ask('metadata')->{data};
is($known->{weir_build}[0]{type}, 'info', 'it asked a node for OpenMetrics, and got it');
is($known->{weir_analyzer_build}[0]{type}, 'info', 'and an analyzer');
is($known->{weir_ingest_ack_seconds}[0]{unit}, 'seconds', 'units are told');
is($known->{weir_received_packets}[0]{type}, 'counter', 'counters by the name of their family');

my $report = $cluster->load(rate => 300, messages => '1-9', duration => 6, connections => 20);
is($report->{status}, 0, 'there is something to show');

# ---- what is asked for ----

my @asked; # [who asks, expression]
for my $panel (@{ decode_json(slurp("$dashboards/weir.json"))->{panels} }) {
    push @asked, [ $panel->{title}, $_->{expr} =~ s/\$__rate_interval/10s/gr =~ s/\$__range/1h/gr =~ s/\$\w+/.*/gr ] for @{ $panel->{targets} // [] };
}
my @rules = map { @{ $_->{rules} } } @{ ask('rules')->{data}{groups} };
cmp_ok(scalar @rules, '>=', 15, 'the rules are loaded');
wait_until { !grep { $_->{health} eq 'unknown' } map { @{ $_->{rules} } } @{ ask('rules')->{data}{groups} } } 10, 'each rule to be evaluated';
is(join(' ', map { "$_->{name}: $_->{lastError}" } grep { $_->{health} ne 'ok' } map { @{ $_->{rules} } } @{ ask('rules')->{data}{groups} }), '', 'each rule is evaluated well');
push @asked, map { [ $_->{name}, $_->{query} ] } @rules;

wait_until { !grep { !@{ query($_->{name}) } } grep { $_->{type} eq 'recording' } @rules } 10, 'what is recorded to be there';
for my $selector (uniq sort map { $_->[1] =~ /\b((?:weir|process)[_:][\w:]+(?:\{[^}]*\})?)/g } @asked) {
    cmp_ok(value("count($selector)") // 0, '>', 0, "there are series of $selector");
}
for (grep { $_->[1] !~ /[<>] *[\d(s]|== 0|absent|^ALERTS/ } @asked) {
    my ($title, $expression) = @$_;
    ok(scalar @{ query($expression) }, "$title has something to show") or diag($expression);
}

# ---- what it says ----

wait_until { (value('sum(weir_accepted_messages_total)') // 0) == $report->{sent}{messages} } 10, 'the last messages to be scraped';
is(value('sum(weir_ingest_ack_seconds_count)'), $report->{sent}{packets}, 'the way to each 202 was measured');
my $routed = $cluster->counts;
for my $id (sort keys %share) {
    cmp_ok(abs(value(qq(max(weir_share_target_ratio{analyzer="$id"}))) - $share{$id}), '<', 1e-9, "$id is to get $share{$id}");
    wait_until { (value(qq(min(weir_pool_routed_messages_total{analyzer="$id"}))) // 0) == $routed->{$id} } 15, "both nodes to know what all have given to $id";
    my ($credit) = map { $_->{credit} } grep { $_->{id} eq $id } @{ $cluster->cluster->{analyzers} };
    cmp_ok(abs(value(qq(max(weir_share_error_messages{analyzer="$id"}))) + $credit), '<', 0.01, "and by how much it is off is what it is owed: $credit");
}
cmp_ok(value('sum(weir_batches_failed_total{analyzer="a3",reason="status"})'), '>', 0, 'a3 has failed');
cmp_ok(value('max(weir_pool_age_seconds)'), '>=', 0, 'and how old that is, what nodes know of the pool');
done_testing;
