# Upgrades of a release that runs: autoscalers take over without losing a pod, and values of an older chart still do.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use File::Copy qw(copy);
use JSON::PP;
use Test::More;
use Api;
use Helm;
use Weir::Test;

alarm 600;
my $rendered = render('--set', 'node.autoscaling.enabled=true,keda.enabled=true');

sub workload ($kind, $name, $replicas) {
    return { apiVersion => 'apps/v1', kind => $kind, metadata => { name => $name, namespace => 'logs' }, spec => { replicas => $replicas } };
}

# replicas of the nodes' Deployment and the analyzers' StatefulSet
sub replicas ($objects) { return map { $_->{spec}{replicas} // 'none' } object($objects, 'Deployment'), object($objects, 'StatefulSet', '-analyzer') }

my @both = ('--set', 'node.autoscaling.enabled=true,keda.enabled=true');
is(join(' ', replicas($rendered)), 'none none', 'where nothing runs yet, the autoscalers say how many pods there are');
my $five = Api->start($rendered, workload('Deployment', 'weir', 5), workload('StatefulSet', 'weir-analyzer', 4));
is(join(' ', replicas($five->upgraded(@both))), '5 4', 'switched on, they begin with the pods that run');
is(join(' ', replicas($five->upgraded('--set', 'node.replicas=2,analyzers.replicas=1'))), '2 1', 'without them the values say how many');
my $scaled = Api->start($rendered, workload('Deployment', 'weir', 9), workload('StatefulSet', 'weir-analyzer', 12));
is(join(' ', replicas($scaled->upgraded(@both))), '9 12', 'a later upgrade changes nothing of what they decided');
my $none = Api->start($rendered, workload('Deployment', 'weir', 0), workload('StatefulSet', 'weir-analyzer', 0));
is(join(' ', replicas($none->upgraded(@both))), 'none none', 'pods that were scaled to nothing come back');

# helm upgrade --reuse-values: the values of the chart before take the place of values.yaml.
sub chart_with ($name, $values) {
    my $copy = folder . "/$name";
    system('cp', '-r', $Helm::chart, $copy) == 0 or die "cp: $?\n";
    open my $file, '>', "$copy/values.yaml";
    print $file $values;
    close $file;
    return $copy;
}

sub objects_with ($chart, @arguments) {
    my $run = helm('template', 'weir', $chart, '--namespace', 'logs', @arguments);
    is($run->{status}, 0, "it renders @arguments") or return diag($run->{err}) && [];
    my ($errors, $objects) = schema_errors($run->{out});
    is("@$errors", '', '... as Kubernetes knows it');
    return $objects;
}

my $json = JSON::PP->new->canonical;

# Names of the objects that are not alike; a Secret is made up anew each time.
sub different ($one, $other) {
    my %seen;
    $seen{"$_->{kind}/$_->{metadata}{name}"}{ $json->encode($_) }++ for grep { $_->{kind} ne 'Secret' } @$one, @$other;
    return join ' ', grep { my @ways = values %{ $seen{$_} }; @ways != 1 || $ways[0] != 2 } sort keys %seen;
}

my $bare = objects_with(chart_with('bare', "{}\n"));
is(different($bare, render()), '', 'without a single value the chart is what its defaults make it');
my $hollow = objects_with(chart_with('hollow', "node: {drain: {}}\nanalyzers: {}\nredis: {external: {}, bundled: {image: {}}}\nservice: {ingest: {}}\n"));
is(different($hollow, render('--set', join ',', map { "$_.resources=null" } qw(node analyzers redis.bundled))), '',
    'and so it is with hollow sections, but for resources, which null may take away');

my $first = slurp("$Bin/values-0.1.0.yaml");
my %sets = ci_sets;
my $old = chart_with('old', $first);
for my $set (sort keys %sets) {
    my $objects = objects_with($old, '-f', $sets{$set});
    is(scalar @$objects, scalar @{ render('-f', $sets{$set}) }, "$set: an upgrade with the values of the first chart has all objects");
}
unlike($first, qr/podSecurityContext/, 'which know nothing of what came later');
my $security = container(object(objects_with($old), 'Deployment'))->{securityContext};
is($security->{readOnlyRootFilesystem}, JSON::PP::true, 'and what came later has its default');
my $mine = object(objects_with($old, '--set', 'node.podSecurityContext.runAsUser=7'), 'Deployment')->{spec}{template}{spec}{securityContext};
is_deeply($mine, { runAsUser => 7 }, 'a map of the user is not filled up');
done_testing;
