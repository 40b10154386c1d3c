# Names, images and fields that people need in their clusters.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use JSON::PP;
use Test::More;
use Helm;
use Weir::Test;

alarm 600;

sub pods_of ($objects) { return map { $_->{kind} eq 'Pod' ? $_ : $_->{spec}{template} } map { objects_of($objects, $_) } qw(Deployment StatefulSet Pod) }
my ($version) = slurp("$Bin/../../helm/weir/Chart.yaml") =~ /^appVersion: (\S+)/m;
sub image ($object) { return container($object)->{image} =~ s/\bweir:\K\Q$version\E\z/VERSION/r }
sub images ($objects) { return join ' ', map { image($_) } map { objects_of($objects, $_) } qw(Deployment StatefulSet) }

# images: the Deployment, the analyzers, Redis
is(images(render()), 'weir:VERSION weir:VERSION redis:7.4.6-bookworm', 'images come from the default registry');
is(images(render('--set', 'image.registry=r.example.com:5000')), 'r.example.com:5000/weir:VERSION r.example.com:5000/weir:VERSION r.example.com:5000/redis:7.4.6-bookworm',
    'image.registry is that of Redis too');
is(images(render('--set', 'global.imageRegistry=g.example.com')), 'g.example.com/weir:VERSION g.example.com/weir:VERSION g.example.com/redis:7.4.6-bookworm',
    'so is global.imageRegistry');
is(images(render('--set', 'global.imageRegistry=g.example.com,image.registry=r.example.com,redis.bundled.image.registry=x.example.com')),
    'r.example.com/weir:VERSION r.example.com/weir:VERSION x.example.com/redis:7.4.6-bookworm', 'the nearest one holds');
is(images(render('--set', 'redis.bundled.image.repository=valkey/valkey')) =~ s/.* //r, 'valkey/valkey:8.1.4-bookworm', 'Valkey has a tag of Valkey');
my $digest = 'sha256:' . 'a' x 64;
is(images(render('--set', "redis.bundled.image.digest=$digest")) =~ s/.* //r, "redis\@$digest", 'a digest of Redis wins over its tag');

my $secrets = render('--set-json', 'imagePullSecrets=["one",{"name":"two"}],global.imagePullSecrets=["three"]');
is_deeply([ map { $_->{name} } @{ $_->{spec}{imagePullSecrets} } ], [qw(one two three)], 'Secrets to pull with are names or objects') for pods_of($secrets);

# names: what Kubernetes asks of a Service, and none twice
sub node_name ($release) {
    my $run = helm('template', $release, $Helm::chart, '--namespace', 'logs');
    die "$release: $run->{err}\n" if $run->{status};
    my ($errors, $objects) = schema_errors($run->{out});
    my @wrong = grep { !/^[a-z]([-a-z0-9]*[a-z0-9])?$/ || length > 63 } map { $_->{metadata}{name} } objects_of($objects, 'Service');
    is("@wrong", '', "Services of the release $release have names that Kubernetes takes");
    return object($objects, 'Deployment')->{metadata}{name};
}
my @long = map { node_name('a-release-with-a-rather-long-name-for-logs-' . $_) } qw(one two);
isnt($long[0], $long[1], 'releases whose names begin with the same 40 characters have objects of their own');
isnt(node_name('logs.eu'), node_name('logs-eu'), 'and so have those that differ in a dot');
node_name('3logs');
is(node_name('logs'), 'logs-weir', 'a name that fits stays as it is');
is(node_name('weir-eu'), 'weir-eu', 'and is not said twice');

# workers
sub workers ($value) { return (grep { $_->{name} eq 'WEIR_NODE_WORKERS' } @{ container(object(render('--set-json', "node.resources=$value"), 'Deployment'))->{env} })[0] }
is(workers('{"requests":{"cpu":"3"}}')->{valueFrom}{resourceFieldRef}{resource}, 'requests.cpu', 'a worker for each CPU that is requested');
is(workers('{"requests":{"cpu":null},"limits":{"cpu":"2"}}')->{valueFrom}{resourceFieldRef}{resource}, 'limits.cpu', '... or that is the limit');
is(workers('{"requests":{"cpu":null}}')->{value}, '1', 'who asks for none gets one, and not those of the host');

# the whole fits a small cluster
sub cpu ($text) { return $text =~ /^(\d+)m$/ ? $1 / 1000 : $text }
my $asked = 0;
$asked += cpu(container($_)->{resources}{requests}{cpu}) * $_->{spec}{replicas} for map { objects_of(render(), $_) } qw(Deployment StatefulSet);
cmp_ok($asked, '<=', 1.5, 'by default all pods together ask for less than two CPUs');

my $own = container(object(render('--set', 'node.lifecycle.preStop.exec.command={sync}'), 'Deployment'))->{lifecycle}{preStop};
is(join(' ', sort keys %$own), 'exec', 'a preStop hook of the user stands alone, because Kubernetes takes one handler');

# KEDA reads ports
sub trigger (@set) { return object(render('--set', join ',', 'keda.enabled=true', @set), 'ScaledObject')->{spec}{triggers}[0]{metadata} }
is(trigger('redis.external.sentinel.hosts={a,b:26380,[fd00::1]}')->{addresses}, 'a:26379,b:26380,[fd00::1]:26379', 'sentinels without a port have theirs');
is(trigger('redis.external.host=redis.example.com')->{address}, 'redis.example.com:6379', 'so has Redis');
is(trigger('redis.external.url=redis://x', 'keda.redisAddress=redis.example.com')->{address}, 'redis.example.com:6379', 'also where it is said for KEDA alone');

my $values = folder . '/values.yaml';
open my $file, '>', $values or die "$values: $!\n";
print $file "keda: {enabled: true, spillLength: 1000000}\n";
close $file;
is(object(render('-f', $values), 'ScaledObject')->{spec}{triggers}[0]{metadata}{streamLength}, '1000000', 'a million is a number also in a file of values');

# fields of pods
my %field = (
    initContainers => [ { name => 'first', image => 'busybox' } ], hostAliases => [ { ip => '10.0.0.1', hostnames => ['redis'] } ],
    dnsConfig => { nameservers => ['10.0.0.53'] }, dnsPolicy => 'None',
);
my %ofContainer = (envFrom => [ { configMapRef => { name => 'more' } } ], startupProbe => { tcpSocket => { port => 1 } });
my $json = JSON::PP->new->canonical;
for my $part (qw(node analyzers redis.bundled)) {
    my %values = (%field, %ofContainer, extraContainers => [ { name => 'side', image => 'busybox' } ], lifecycle => { postStart => { sleep => { seconds => 1 } } },
        extraEnv => [ { name => 'A', value => 'b' } ], extraVolumes => [ { name => 'v', emptyDir => {} } ], extraVolumeMounts => [ { name => 'v', mountPath => '/v' } ],
        updateStrategy => { type => $part eq 'node' ? 'Recreate' : 'OnDelete' }, topologySpreadConstraints => [ { topologyKey => 'rack', maxSkew => 1, whenUnsatisfiable => 'DoNotSchedule' } ]);
    my $objects = render(map { ('--set-json', "$part.$_=" . JSON::PP->new->allow_nonref->encode($values{$_})) } sort keys %values);
    my $workload = $part eq 'node' ? object($objects, 'Deployment') : object($objects, 'StatefulSet', $part eq 'analyzers' ? '-analyzer' : '-redis');
    my ($spec, $container) = ($workload->{spec}{template}{spec}, container($workload));
    is_deeply($spec->{$_}, $field{$_}, "$part.$_ reaches the pod") for sort keys %field;
    is_deeply($container->{$_}, $ofContainer{$_}, "$part.$_ reaches the container") for sort keys %ofContainer;
    is($spec->{containers}[1]{name}, 'side', "$part.extraContainers stand beside it");
    is($container->{lifecycle}{postStart}{sleep}{seconds}, 1, "$part.lifecycle has its hook");
    is($container->{lifecycle}{preStop}{sleep}{seconds}, $part eq 'node' ? 5 : undef, '... and a node still waits before it ends');
    is(($workload->{spec}{strategy} // $workload->{spec}{updateStrategy})->{type}, $values{updateStrategy}{type}, "$part.updateStrategy replaces the chart's");
    is($spec->{topologySpreadConstraints}[0]{topologyKey}, 'rack', "$part.topologySpreadConstraints too");
    ok((grep { $_->{name} eq 'A' } @{ $container->{env} }) && (grep { $_->{name} eq 'v' } @{ $spec->{volumes} }) && (grep { $_->{name} eq 'v' } @{ $container->{volumeMounts} }),
        "$part has further variables, volumes and mounts");
}

# Redis reads its file at its start alone.
my %template = map { my $sync = $_; $sync => $json->encode(object(render('--set', "redis.bundled.appendfsync=$sync"), 'StatefulSet', '-redis')->{spec}{template}) } qw(everysec always);
isnt($template{everysec}, $template{always}, 'another appendfsync is another pod of Redis');
is($template{everysec}, $json->encode(object(render(), 'StatefulSet', '-redis')->{spec}{template}), 'and the default is the default');
unlike($template{everysec}, qr/appendfsync/, 'which starts no Redis anew by an upgrade of the chart alone');

# OpenShift gives each namespace users of its own, and refuses others.
my ($parts) = slurp("$Helm::chart/../../docs/kubernetes.md") =~ /^    for part in (.*); do$/m;
my $random = render('--set', join ',', 'sidecar.enabled=true,sidecar.image=logs:1', map { my $part = $_; map { "$part.podSecurityContext.$_=null" } qw(runAsUser runAsGroup fsGroup) } split / /, $parts);
is(join(' ', map { my $c = $_->{spec}{securityContext}; grep { exists $c->{$_} } qw(runAsUser runAsGroup fsGroup) } pods_of($random)), '', 'no pod insists on a user');
ok($_->{spec}{securityContext}{runAsNonRoot}, '... but none is root') for pods_of($random);

my ($beside) = grep { $_->{metadata}{name} =~ /-sidecar$/ } objects_of(render('--set', join ',', 'sidecar.enabled=true,sidecar.image=logs:1',
    qw(sidecar.serverSecurityContext.capabilities=null sidecar.sidecarResources.limits=null)), 'StatefulSet');
my %side = map { $_->{name} => $_ } @{ $beside->{spec}{template}{spec}{containers} };
is_deeply($side{server}{securityContext}, { allowPrivilegeEscalation => JSON::PP::false }, 'rights of a log server that were taken out stay out');
is_deeply([ sort keys %{ $side{sidecar}{resources} } ], ['requests'], 'and so do limits of its sidecar');

# labels and annotations of all
my $common = render('--set', 'commonLabels.team=logs,commonAnnotations.owner=me,service.ingest.annotations.lb=internal,service.ingest.labels.kind=public');
is(join(' ', map { "$_->{kind}/$_->{metadata}{name}" } grep { ($_->{metadata}{labels}{team} // '') ne 'logs' || ($_->{metadata}{annotations}{owner} // '') ne 'me' } @$common), '',
    'every object has the common labels and annotations');
is(join(' ', grep { !defined } map { $_->{metadata}{labels}{team} } pods_of($common)), '', 'pods have the labels too');
my ($service) = grep { $_->{metadata}{name} eq 'weir' } objects_of($common, 'Service');
is("$service->{metadata}{annotations}{lb} $service->{metadata}{labels}{kind} $service->{metadata}{annotations}{owner}", 'internal public me', 'and their own beside them');
ok(!exists $service->{spec}{selector}{team}, 'but nothing is selected by them');

# Services
my $dual = render('--set', 'service.ipFamilyPolicy=PreferDualStack,service.ipFamilies={IPv6,IPv4}', '--set-json', 'service.ingest.extraSpec={"sessionAffinity":"ClientIP"}');
for (objects_of($dual, 'Service')) {
    is("$_->{spec}{ipFamilyPolicy} @{ $_->{spec}{ipFamilies} }", 'PreferDualStack IPv6 IPv4', "$_->{metadata}{name} has addresses of both families");
}
is((grep { $_->{metadata}{name} eq 'weir' } objects_of($dual, 'Service'))[0]{spec}{sessionAffinity}, 'ClientIP', 'a Service has further fields');

# listeners that are not HTTP: pod, Service and policy have each port twice
my $listening = render('--set', 'tls.ingest.secretName=logs-tls', '--set-json', 'node.options={"syslog-listen":":5514","gelf-listen":"0.0.0.0:12201","forward-listen":"[::]:24224","syslog-listen-tls":":6514"}');
my @ports = map {; "$_->[0]-tcp TCP $_->[1]", "$_->[0]-udp UDP $_->[1]" } [ forward => 24224 ], [ gelf => 12201 ], [ syslog => 5514 ];
splice @ports, -1, 0, 'syslog-tls TCP 6514';
my ($agents) = grep { $_->{metadata}{name} eq 'weir' } objects_of($listening, 'Service');
is_deeply([ map { "$_->{targetPort} $_->{protocol} $_->{port}" } grep { $_->{protocol} } @{ $agents->{spec}{ports} } ], \@ports, 'the Service has the ports of listeners');
is_deeply([ map { "$_->{name} $_->{protocol} $_->{containerPort}" } grep { $_->{protocol} } @{ container(object($listening, 'Deployment'))->{ports} } ], \@ports, 'so has the container');
my ($policy) = grep { $_->{metadata}{name} =~ /-node$/ } objects_of($listening, 'NetworkPolicy');
is_deeply([ map { "$_->{port} $_->{protocol}" } grep { $_->{protocol} } @{ $policy->{spec}{ingress}[0]{ports} } ], [ map { s/ \d+$//r } @ports ], 'and agents may reach them');
my ($silent) = grep { $_->{metadata}{name} eq 'weir' } objects_of(render(), 'Service');
is(join(' ', map { $_->{name} } @{ $silent->{spec}{ports} }), 'ingest', 'by default there are none of them');

# listeners of analyzers: nodes may reach them, and whoever may reach the first one
my $more = render('--set-json', 'analyzers.options={"listen-tls":":9443","grpc-listen":"[::]:4317"}');
is_deeply([ map { "$_->{name} $_->{containerPort}" } @{ container(object($more, 'StatefulSet', '-analyzer'))->{ports} } ], [ 'analyzer 9001', 'analyzer-grpc 4317', 'analyzer-tls 9443' ],
    'an analyzer has the ports of its listeners');
my %rules = map { $_->{metadata}{name} =~ s/.*-//r => $_->{spec} } objects_of($more, 'NetworkPolicy');
is_deeply([ map { $_->{port} } @{ $rules{analyzer}{ingress}[0]{ports} } ], [qw(analyzer analyzer-grpc analyzer-tls)], 'it may be reached there');
my ($there) = grep { grep { $_->{podSelector} && $_->{podSelector}{matchLabels}{'app.kubernetes.io/component'} eq 'analyzer' } @{ $_->{to} // [] } } @{ $rules{node}{egress} };
is_deeply([ map { $_->{port} } @{ $there->{ports} } ], [qw(analyzer analyzer-grpc analyzer-tls)], 'and nodes may go there');

my $extra = render('--set-json', 'extraObjects=[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"mine-{{ .Release.Name }}"}},"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text-{{ .Values.pool }}}"]');
is(join(' ', sort grep { /^(mine|text)/ } map { $_->{metadata}{name} } objects_of($extra, 'ConfigMap')), 'mine-weir text-default', 'objects of one\'s own may have templates in them');

my $test = object(render('--set', 'test.nodeSelector.disk=ssd,test.resources.limits.memory=99Mi', '--set-json', 'test.tolerations=[{"operator":"Exists"}]'), 'Pod');
is("$test->{spec}{nodeSelector}{disk} $test->{spec}{tolerations}[0]{operator} " . container($test)->{resources}{limits}{memory}, 'ssd Exists 99Mi', 'the pod of helm test goes where it is told');
done_testing;
