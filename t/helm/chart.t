# The chart is one that Helm and Kubernetes take, with every set of values in ci/, and its documents are up to date.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use Test::More;
use Helm;
use Weir::Build;
use Weir::Test;

alarm 600;
my $lint = helm('lint', '--strict', $Helm::chart);
is($lint->{status}, 0, 'helm lint --strict has nothing against it') or diag($lint->{out}, $lint->{err});

my %sets = ci_sets;
is(join(' ', sort keys %sets), '50-nodes all-on default external-redis minimal sentinel-tls', 'all sets of values are tried');
my %objects = map { $_ => render('-f', $sets{$_}) } sort keys %sets;
for my $set (sort keys %sets) {
    my $lint = helm('lint', '--strict', $Helm::chart, '-f', $sets{$set});
    is($lint->{status}, 0, "helm lint --strict takes $set") or diag($lint->{out}, $lint->{err});
    my %seen;
    is(join(' ', grep { $seen{$_}++ } map { "$_->{kind}/$_->{metadata}{name}" } @{ $objects{$set} }), '', "each object of $set has a name of its own");
}

my %kinds = map { my $set = $_; $set => { map { $_->{kind} => 1 } @{ $objects{$set} } } } keys %objects;
is(join(' ', sort keys %{ $kinds{'all-on'} }),
    'ConfigMap Deployment HorizontalPodAutoscaler Ingress NetworkPolicy Pod PodDisruptionBudget PrometheusRule ScaledObject '
    . 'Secret Service ServiceAccount ServiceMonitor StatefulSet TriggerAuthentication', 'there is all that can be switched on');
is(join(' ', sort keys %{ $kinds{minimal} }), 'ConfigMap Deployment Pod Secret Service StatefulSet', 'and little when it is off');
ok(!(grep { $kinds{default}{$_} } qw(ServiceMonitor PrometheusRule ScaledObject Ingress)), 'by default nothing needs an operator');
is(object($objects{'50-nodes'}, 'Deployment')->{spec}{replicas}, 50, 'fifty nodes are fifty');
my $rules = slurp("$Helm::chart/dashboards/rules.yaml");
is(scalar @{ object($objects{'all-on'}, 'PrometheusRule')->{spec}{groups}[0]{rules} }, scalar(() = $rules =~ /^ +- (?:alert|record): /mg),
    'the PrometheusRule has all rules');
my $led = object(render('--set', 'metrics.prometheusRule.enabled=true,metrics.prometheusRule.runbookUrl=https://example.com/runbook'), 'PrometheusRule');
is(join(' ', grep { !m{^https://example\.com/runbook#\w+$} } map { $_->{alert} ? $_->{annotations}{runbook_url} : () } @{ $led->{spec}{groups}[0]{rules} }),
    '', 'and its alerts lead to the runbook where it was said to be');
is(object($objects{'all-on'}, 'ConfigMap', '-dashboard')->{data}{'weir.json'} . "\n", slurp("$Helm::chart/dashboards/weir.json"),
    'and the ConfigMap the dashboard');

# What a package holds leads nowhere outside it.
my $package = helm('package', $Helm::chart, '--destination', folder);
is($package->{status}, 0, 'the chart can be packaged') or diag($package->{err});
my ($readme) = map { slurp($_) } grep { -e } "$Helm::chart/README.md";
is(join(' ', grep { !m{^(?:https?:|#)} && !-e "$Helm::chart/$_" } $readme =~ /\]\(([^)]+)\)/g), '', 'each link of its README leads to something in it');
unlike($readme, qr/\]\(\.\./, 'and none leads out of it');
is(join(' ', grep { !-e "$Helm::chart/../../$_" } slurp("$Helm::chart/values.yaml") =~ m{(scripts/[\w.-]+)}g), '', 'scripts that values.yaml names are there');

# The check above can fail.
my ($errors) = schema_errors(<<'END');
apiVersion: apps/v1
kind: Deployment
metadata: {name: wrong}
spec: {replicas: "3", template: {spec: {containers: [{name: a, image: b, readinesProbe: {}}]}}}
END
like("@$errors", qr/missingProperty":"selector"/, 'a Deployment without a selector is refused');
like("@$errors", qr{/spec/replicas: type}, 'and so are replicas in quotes');
like("@$errors", qr/must not have "readinesProbe"/, 'and a field that nobody knows');

ok(runs('scripts/helm-docs.pl', '--check'), 'the table in README.md, and the options in the schema, are up to date');
symlink Weir::Base::bin_dir(), folder . '/a b' or die "symlink: $!\n";
{
    local $ENV{WEIR_BIN} = folder . '/a b';
    ok(runs('scripts/helm-docs.pl', '--check'), 'which is seen also where the path of the programs has a space');
}
done_testing;
