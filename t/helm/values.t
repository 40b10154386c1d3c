# A wrong value is refused before anything is installed, with words that name it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use JSON::PP;
use Test::More;
use Helm;
use Weir::Build qw(checkout);
use Weir::Test qw(slurp);

alarm 600;

sub refused ($said, @settings) {
    my $run = helm('template', 'weir', $Helm::chart, map { ('--set', $_) } @settings);
    isnt($run->{status}, 0, "@settings is refused");
    like($run->{err}, $said, '... by its name');
}

# the schema
refused(qr{at '/node/replicas': got string, want integer}, 'node.replicas=three');
refused(qr{at '': additional properties 'nodes' not allowed}, 'nodes.replicas=2');
refused(qr{at '/node/options': additional properties 'max-bdoy' not allowed}, 'node.options.max-bdoy=1MiB');
refused(qr{at '/node/options': additional properties 'redis' not allowed}, 'node.options.redis=redis://elsewhere');
refused(qr{at '/node/options': additional properties 'ingest-token' not allowed}, 'node.options.ingest-token=secret');
refused(qr{at '/node/options': additional properties 'ingest-tokens' not allowed}, 'node.options.ingest-tokens=shop secret');
refused(qr{at '/node/options': additional properties 'forward-key' not allowed}, 'node.options.forward-key=secret');
refused(qr{at '/node/options': additional properties 'spill-redis' not allowed}, 'node.options.spill-redis=redis://:secret@elsewhere');
refused(qr{at '/node/options/max-body': '8MB' does not match}, 'node.options.max-body=8MB');
refused(qr{at '/node/options/ack': value must be one of 'delivered', 'received'}, 'node.options.ack=never');
refused(qr{at '/node/options/spill-after': got number, want string}, 'node.options.spill-after=5');
refused(qr{at '/node/options/exact-messages': minimum: got 0, want 1}, 'node.options.exact-messages=0');
refused(qr{at '/node/options/gelf-listen': 'gelf' does not match}, 'node.options.gelf-listen=gelf');
refused(qr{node.options.syslog-listen: port 8080 is no port of its own}, 'node.options.syslog-listen=:8080');
refused(qr{node.options.gelf-listen: port 5514 is no port of its own}, 'node.options.syslog-listen=:5514,node.options.gelf-listen=:5514');
refused(qr{analyzers.options.listen-tls: port 9001 is no port of its own}, 'analyzers.options.listen-tls=:9001');
refused(qr{analyzers.options.listen-tls: port 9443 is no port of its own}, 'analyzers.options.listen-tls=:9443,analyzers.options.grpc-listen=:9443');
refused(qr{at '/node/drain/preStopSeconds': minimum: got 0, want 1}, 'node.drain.preStopSeconds=0');
refused(qr{at '/node/podDisruptionBudget/maxUnavailable': minimum: got 0, want 1}, 'node.podDisruptionBudget.maxUnavailable=0');
refused(qr{at '/node/resources/limits/memory': '1GB' does not match}, 'node.resources.limits.memory=1GB');
refused(qr{at '/service/ingest/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'}, 'service.ingest.type=Nodeport');
refused(qr{at '/analyzers/weights/1': got string, want number}, 'analyzers.weights={1,heavy}');
refused(qr{at '/analyzers/weights/0': minimum: got -1, want 0}, 'analyzers.weights={-1}');
refused(qr{at '/pool': 'a b' does not match}, 'pool=a b');
refused(qr{at '/redis/external/url': 'http://x' does not match}, 'redis.external.url=http://x');
refused(qr{at '/redis/external/sentinel/hosts/0': 'redis://a' does not match}, 'redis.external.sentinel.hosts={redis://a}');
refused(qr{at '/keda/maxReplicas': maximum: got 101, want 100}, 'keda.maxReplicas=101');

# No option that is a secret is among them: options become arguments, and anybody may read those.
my $schema = decode_json(slurp("$Helm::chart/values.schema.json"));
for (['nodeOptions', 'node/config.c', 8], ['analyzerOptions', 'analyzer/config.c', 3], ['sidecarOptions', 'analyzer/sidecar/sidecar_config.c', 3]) {
    my ($definition, $source, $n) = @$_;
    my (undef, %said) = split /(?:OPTION\(|\{ )"([a-z-]+)", CONF_/, slurp(checkout . "/$source");
    my @secret = grep { $said{$_} =~ /\bCONF_SECRET\b/ } sort keys %said;
    cmp_ok(scalar @secret, '>=', $n, "$source has secrets: @secret");
    is(join(' ', grep { $schema->{definitions}{$definition}{properties}{$_} } @secret), '', "... and none of them is one of the $definition");
}

# labels that the chart selects by
refused(qr{invalid propertyName 'app\.kubernetes\.io/name'}, 'node.podLabels.app\.kubernetes\.io/name=x');
refused(qr{invalid propertyName 'app\.kubernetes\.io/component'}, 'analyzers.podLabels.app\.kubernetes\.io/component=node');
refused(qr{invalid propertyName 'app\.kubernetes\.io/instance'}, 'redis.bundled.podLabels.app\.kubernetes\.io/instance=x');
refused(qr{invalid propertyName 'app\.kubernetes\.io/name'}, 'commonLabels.app\.kubernetes\.io/name=x');
refused(qr{at '/service/ipFamilies/0': value must be one of 'IPv4', 'IPv6'}, 'service.ipFamilies={ipv6}');
refused(qr{at '/node/dnsPolicy': value must be one of}, 'node.dnsPolicy=clusterfirst');

# what two values say together
refused(qr{only one of url and host can say where Redis is}, 'redis.external.url=redis://a', 'redis.external.host=b');
refused(qr{tls\.clientCertificate needs redis\.external\.tls\.existingSecret}, 'redis.external.host=b', 'redis.external.tls.clientCertificate=true');
refused(qr{minReplicas \(30\) is more than maxReplicas \(10\)}, 'node.autoscaling.enabled=true', 'node.autoscaling.minReplicas=30');
refused(qr{needs analyzers\.enabled}, 'keda.enabled=true', 'analyzers.enabled=false');
refused(qr{needs keda\.redisAddress}, 'keda.enabled=true', 'redis.external.url=redis://a');
refused(qr{redis\.spill needs keda\.redisAddress}, 'keda.enabled=true', 'redis.spill.url=redis://spill:6379/0');
refused(qr{name at least one host}, 'ingress.enabled=true');
refused(qr{analyzers\.outbox\.enabled has no use: .*Set analyzers\.options\.sink}, 'analyzers.outbox.enabled=true', @$_) for [], ['analyzers.options.sink=http://sink:9000/logs'];
refused(qr{node\.options\.$_-listen-tls needs a certificate: set tls\.ingest\.secretName}, "node.options.$_-listen-tls=:6514") for qw(syslog gelf forward);
refused(qr{node\.options\.listen-tls needs a certificate}, 'node.options.listen-tls=:9443', 'tls.admin.secretName=mine');
refused(qr{node\.options\.admin-listen-tls needs a certificate: set tls\.admin\.secretName}, 'node.options.admin-listen-tls=:9444');
refused(qr{node\.options\.admin-read=token needs a token .*: set tokens\.register}, 'node.options.admin-read=token', 'tokens.register=false', 'tokens.admin=false');
refused(qr{sentinel\.passwordKey needs redis\.external\.passwordSecret}, 'redis.external.sentinel.hosts={a}', 'redis.external.sentinel.passwordKey=sentinel');

# What a variable says is enough.
sub taken (@settings) {
    my $run = helm('template', 'weir', $Helm::chart, map { ('--set', $_) } @settings);
    is($run->{status}, 0, "@settings is taken") or diag($run->{err});
}
sub variable ($part, $name) { return ("$part.extraEnv[0].name=$name", "$part.extraEnv[0].value=x") }
taken('analyzers.outbox.enabled=true', variable('analyzers', 'WEIR_ANALYZER_SINK'));
taken('analyzers.outbox.enabled=true', 'analyzers.envFrom[0].secretRef.name=sink');
taken('node.options.syslog-listen-tls=:6514', variable('node', 'WEIR_NODE_TLS_CERT'));
taken('node.options.syslog-listen-tls=:6514', 'node.options.tls-cert=/etc/mine/tls.crt');
taken('node.options.admin-listen-tls=:9444', 'tls.ingest.secretName=mine');
taken('node.options.admin-read=token', 'tokens.register=false', 'tokens.admin=false', variable('node', 'WEIR_ADMIN_TOKEN_FILE'));
done_testing;
