# Tokens and passwords are made once: an upgrade keeps what is in the cluster, and a Secret of one's own is used.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use JSON::PP;
use MIME::Base64;
use Test::More;
use Helm;
use Weir::FakeServer;

alarm 300;

sub secrets (@objects) { return { map { $_->{metadata}{name} => $_->{stringData} } objects_of(\@objects, 'Secret') } }

my $rendered = render();

# As much of the Kubernetes API as Helm asks before an upgrade: the kinds that there are, and what Secrets hold.
sub api_server (%there) {
    my (%kinds, %groups);
    my %owned = (labels => { 'app.kubernetes.io/managed-by' => 'Helm' },
        annotations => { 'meta.helm.sh/release-name' => 'weir', 'meta.helm.sh/release-namespace' => 'logs' });
    $kinds{ $_->{apiVersion} }{ $_->{kind} } = { name => lc "$_->{kind}s", kind => $_->{kind}, namespaced => JSON::PP::true, verbs => ['get'] } for @$rendered;
    $groups{ m{(.*)/} ? $1 : '' } = $_ for keys %kinds;
    my @named = map { { name => $_, versions => [ { groupVersion => $groups{$_}, version => $groups{$_} =~ s{.*/}{}r } ] } } grep { length } sort keys %groups;
    my %answers = (
        '/version' => { major => '1', minor => '33', gitVersion => 'v1.33.0' },
        '/api' => { kind => 'APIVersions', versions => ['v1'] },
        '/apis' => { kind => 'APIGroupList', apiVersion => 'v1', groups => \@named },
        map({ ($_ eq 'v1' ? '/api/v1' : "/apis/$_") => { kind => 'APIResourceList', groupVersion => $_, resources =>
            [ values %{ $kinds{$_} } ] } } keys %kinds),
        map({ my $data = $there{$_}; "/api/v1/namespaces/logs/secrets/$_" => { kind => 'Secret', apiVersion => 'v1',
            metadata => { name => $_, %owned }, data => { map { $_ => encode_base64($data->{$_}, '') } keys %$data } } } keys %there),
    );
    my $unknown = { kind => 'Status', apiVersion => 'v1', status => 'Failure', reason => 'NotFound', code => 404 };
    return Weir::FakeServer->start(sub ($n, $body, $path) {
        my $answer = $answers{ $path =~ s/\?.*//r };
        return { status => $answer ? 200 : 404, headers => ['Content-Type: application/json'], body => encode_json($answer // $unknown) };
    });
}

# Secrets of an upgrade of the release.
sub upgraded (%there) {
    my $server = api_server(%there);
    my $run = helm('template', 'weir', $Helm::chart, '--namespace', 'logs', '--dry-run=server', '--disable-openapi-validation',
        '--kube-apiserver', $server->url, '--show-only', 'templates/secrets.yaml');
    die "helm template: $run->{err}\n" if $run->{status};
    return secrets(@{ (schema_errors($run->{out}))[1] });
}

my $new = secrets(@$rendered);
is(join(' ', sort keys %$new), 'weir-redis weir-tokens', 'there are Secrets for tokens and for Redis');
is(join(' ', map { "$_=" . length $new->{'weir-tokens'}{$_} } sort keys %{ $new->{'weir-tokens'} }), 'admin-token=40 ingest-token=40 register-token=40',
    'there are three tokens');
my %different = map { $_ => 1 } values %{ $new->{'weir-tokens'} }, $new->{'weir-redis'}{password}, values %{ secrets(@{ render() })->{'weir-tokens'} };
is(keys %different, 7, 'which nobody can guess');
like($new->{'weir-redis'}{url}, qr{^redis://:\Q$new->{'weir-redis'}{password}\E\@weir-redis:6379/0$}, 'nodes know the password of Redis');

my $kept = upgraded('weir-tokens' => { 'ingest-token' => 'mine', 'register-token' => 'yours' }, 'weir-redis' => { password => 'secret' });
is($kept->{'weir-tokens'}{'ingest-token'}, 'mine', 'an upgrade keeps the tokens');
is($kept->{'weir-tokens'}{'register-token'}, 'yours', 'all of them');
is(length $kept->{'weir-tokens'}{'admin-token'}, 40, 'and makes one that is missing');
is_deeply($kept->{'weir-redis'}, { password => 'secret', url => 'redis://:secret@weir-redis:6379/0', 'auth.conf' => "requirepass secret\n" },
    'it keeps the password of Redis too');
is(length upgraded()->{'weir-tokens'}{'ingest-token'}, 40, 'an installation makes new ones');

my $own = render('--set', 'tokens.existingSecret=mine,redis.bundled.existingSecret=ours');
is_deeply(secrets(@$own), {}, 'who brings Secrets gets none');
my %volumes = map { $_->{name} => $_->{secret}{secretName} } grep { $_->{secret} } @{ object($own, 'Deployment')->{spec}{template}{spec}{volumes} };
is_deeply(\%volumes, { tokens => 'mine', redis => 'ours' }, 'and the pods use them');

my $spill = render('--set', 'redis.spill.url=redis://:hidden@spill.example.com/0');
is(secrets(@$spill)->{'weir-redis-spill'}{url}, 'redis://:hidden@spill.example.com/0', 'the URL of a Redis for the spill is kept in a Secret');
my %env = map { $_->{name} => $_->{value} } map { @{ $_->{env} } } @{ object($spill, 'Deployment')->{spec}{template}{spec}{containers} };
is($env{WEIR_NODE_SPILL_REDIS_FILE}, '/etc/weir/redis-spill/url', 'and nodes read it there');
my $url = render('--set', 'redis.external.url=rediss://weir:hidden@redis.example.com:6380/1');
is(secrets(@$url)->{'weir-redis'}{url}, 'rediss://weir:hidden@redis.example.com:6380/1', 'a URL is kept in a Secret');
isnt(object($url, 'Deployment')->{spec}{template}{metadata}{annotations}{'weir/redis'},
    object(render('--set', 'redis.external.url=redis://other'), 'Deployment')->{spec}{template}{metadata}{annotations}{'weir/redis'},
    'and nodes start anew with another one');

# reading with a token
for my $read (qw(open token)) {
    my $monitor = object(render('--set', "metrics.serviceMonitor.enabled=true,node.options.admin-read=$read"), 'ServiceMonitor');
    my %given = map { $_->{port} => $_->{authorization} } @{ $monitor->{spec}{endpoints} };
    is_deeply(\%given, { analyzer => undef,
        admin => $read eq 'token' ? { credentials => { name => 'weir-tokens', key => 'register-token' } } : undef },
        "Prometheus gets a token if reading takes one: $read");
}
done_testing;
