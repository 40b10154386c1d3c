# What the pods of the chart promise: no packet is lost in a rollout, nobody has more rights than needed, and all that
# selects them does.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use List::Util qw(all any);
use Test::More;
use Helm;
use Weir::Test;

alarm 600;
my %sets = ci_sets;
my %objects = map { $_ => render('-f', $sets{$_}) } sort keys %sets;

sub seconds ($container, $option) {
    my ($seconds) = map { /^--\Q$option\E=(\d+)s$/ } @{ $container->{args} };
    return $seconds // die "no --$option\n";
}

sub matches ($selector, $labels) { return %$selector && all { ($labels->{$_} // '') eq $selector->{$_} } keys %$selector }

# Pods as they will be: [title, labels, container, spec].
sub pods ($objects) {
    return map {
        my $pod = $_->{kind} eq 'Pod' ? $_ : $_->{spec}{template};
        [ "$_->{kind} $_->{metadata}{name}", $pod->{metadata}{labels}, container($_), $pod->{spec} ]
    } map { objects_of($objects, $_) } qw(Deployment StatefulSet Pod);
}

sub check_rollout ($set, $objects) {
    my $deployment = object($objects, 'Deployment');
    my ($node, $spec) = (container($deployment), $deployment->{spec}{template}{spec});
    my $busy = $node->{lifecycle}{preStop}{sleep}{seconds} + seconds($node, 'drain-delay') + seconds($node, 'drain-timeout');
    cmp_ok($spec->{terminationGracePeriodSeconds}, '>=', $busy + 10, "$set: a node is not killed while it drains");
    my %ports = map { $_->{name} => $_->{containerPort} } @{ $node->{ports} };
    is_deeply(\%ports, { ingest => 8080, admin => 8081 }, "$set: its ports have names");
    ok((any { $_ eq '--listen=:8080' } @{ $node->{args} }) && (any { $_ eq '--admin-listen=:8081' } @{ $node->{args} }), '... and it listens there');
    is_deeply($node->{readinessProbe}{httpGet}, { path => '/readyz', port => 'ingest' }, "$set: who is not ready gets no agents");
    is_deeply($node->{livenessProbe}{httpGet}, { path => '/livez', port => 'admin' }, "$set: who is alive is left alone, however busy");
    my $seen = $node->{readinessProbe}{periodSeconds} * $node->{readinessProbe}{failureThreshold};
    cmp_ok($seen, '<=', $node->{lifecycle}{preStop}{sleep}{seconds} + seconds($node, 'drain-delay'), "$set: it serves on until that is seen");
    is($deployment->{spec}{strategy}{rollingUpdate}{maxUnavailable}, 0, "$set: there are never fewer than there were");
}

sub check_hpa ($set, $objects) {
    my $deployment = object($objects, 'Deployment');
    my ($hpa) = objects_of($objects, 'HorizontalPodAutoscaler');
    is(exists $deployment->{spec}{replicas}, !$hpa, "$set: either the values say how many nodes there are, or the autoscaler");
    is_deeply($hpa->{spec}{scaleTargetRef}, { apiVersion => 'apps/v1', kind => 'Deployment', name => $deployment->{metadata}{name} },
        "$set: it scales the nodes") if $hpa;
    my ($keda) = objects_of($objects, 'ScaledObject');
    return if !$keda;
    my $analyzers = object($objects, 'StatefulSet', '-analyzer');
    ok(!exists $analyzers->{spec}{replicas}, "$set: the spill says how many analyzers there are");
    is($keda->{spec}{scaleTargetRef}{name}, $analyzers->{metadata}{name}, '... of these');
    is($keda->{spec}{triggers}[0]{metadata}{stream}, 'weir:{audit}:spill', '... the spill of their pool');
}

sub check_selectors ($set, $objects, @pods) {
    for my $object (map { objects_of($objects, $_) } qw(Service PodDisruptionBudget NetworkPolicy Deployment StatefulSet)) {
        my $title = "$object->{kind} $object->{metadata}{name}";
        my $selector = $object->{spec}{selector} // $object->{spec}{podSelector};
        my @selected = grep { matches($selector->{matchLabels} // $selector, $_->[1]) } @pods;
        is(@selected, 1, "$set: $title selects the pods of one component") or next;
        my %ports = map { $_->{name} => 1 } @{ $selected[0][2]{ports} };
        my @wanted = $object->{kind} eq 'Service' ? map { $_->{targetPort} } @{ $object->{spec}{ports} }
            : $object->{kind} eq 'NetworkPolicy' ? map { $_->{port} } map { @{ $_->{ports} } } @{ $object->{spec}{ingress} } : ();
        is(join(' ', grep { !$ports{$_} } @wanted), '', "$set: ... which have its ports");
    }
}

sub check_security ($set, $title, $container, $spec) {
    my $pod = $spec->{securityContext};
    ok($pod->{runAsNonRoot} && $pod->{runAsUser} > 0 && $pod->{seccompProfile}{type} eq 'RuntimeDefault', "$set: $title is not root");
    is_deeply($container->{securityContext}, { allowPrivilegeEscalation => JSON::PP::false, readOnlyRootFilesystem => JSON::PP::true,
        capabilities => { drop => ['ALL'] } }, '... nor can it become root, or write to its image');
    ok(!$spec->{automountServiceAccountToken} && exists $spec->{automountServiceAccountToken}, '... it has no token of the API');
    is($spec->{enableServiceLinks} // 1, JSON::PP::false, '... and no Service sets WEIR_ variables');
}

my ($user) = slurp("$Helm::chart/../../Dockerfile") =~ /^USER (\d+)/m;
is(object($objects{default}, 'Deployment')->{spec}{template}{spec}{securityContext}{runAsUser}, $user, 'nodes run as the user of the image');

for my $set (sort keys %sets) {
    my @pods = pods($objects{$set});
    check_rollout($set, $objects{$set});
    check_hpa($set, $objects{$set});
    check_selectors($set, $objects{$set}, @pods);
    check_security($set, @$_[0, 2, 3]) for @pods;
    ok(object($objects{$set}, 'Service', '-admin')->{spec}{publishNotReadyAddresses}, "$set: analyzers can register while no node is ready");
    my @bundled = grep { $_->{metadata}{name} =~ /-redis$/ } @{ $objects{$set} };
    is(!!@bundled, $set !~ /external|sentinel|50/, "$set: there is a bundled Redis or another one, never both");
}
done_testing;
