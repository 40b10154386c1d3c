package Api;

# As much of the Kubernetes API as Helm asks before an upgrade: the kinds that there are, and objects that are there.
#
#   my $server = Api->start($objects, { apiVersion => 'v1', kind => 'Secret', metadata => {...}, ... });
#   my $upgraded = $server->upgraded('--set', 'x=y');    # objects, as rendered with a look at the cluster
use v5.36;
use JSON::PP;
use Helm;
use Test::More;
use Weir::FakeServer;

sub path_of ($object) {
    my $group = $object->{apiVersion} eq 'v1' ? '/api/v1' : "/apis/$object->{apiVersion}";
    return "$group/namespaces/logs/" . lc("$object->{kind}s") . "/$object->{metadata}{name}";
}

# Kinds are those among the rendered objects, in the namespace `logs`.
sub start ($class, $rendered, @there) {
    my (%kinds, %groups);
    $kinds{ $_->{apiVersion} }{ $_->{kind} } = { name => lc "$_->{kind}s", kind => $_->{kind}, namespaced => JSON::PP::true, verbs => ['get'] } for @$rendered;
    $groups{ m{(.*)/} ? $1 : '' } = $_ for keys %kinds;
    my @named = map { { name => $_, versions => [ { groupVersion => $groups{$_}, version => $groups{$_} =~ s{.*/}{}r } ] } } grep { length } sort keys %groups;
    my %answers = (
        '/version' => { major => '1', minor => '33', gitVersion => 'v1.33.0' },
        '/api' => { kind => 'APIVersions', versions => ['v1'] },
        '/apis' => { kind => 'APIGroupList', apiVersion => 'v1', groups => \@named },
        map({ ($_ eq 'v1' ? '/api/v1' : "/apis/$_") => { kind => 'APIResourceList', groupVersion => $_, resources =>
            [ values %{ $kinds{$_} } ] } } keys %kinds),
        map({ path_of($_) => $_ } @there),
    );
    my $unknown = { kind => 'Status', apiVersion => 'v1', status => 'Failure', reason => 'NotFound', code => 404 };
    my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
        my $answer = $answers{ $path =~ s/\?.*//r };
        return { status => $answer ? 200 : 404, headers => ['Content-Type: application/json'], body => encode_json($answer // $unknown) };
    });
    return bless { server => $server }, $class;
}

# Objects of an upgrade of the release `weir`; --show-only and further options may be given.
sub upgraded ($self, @arguments) {
    my $run = helm('template', 'weir', $Helm::chart, '--namespace', 'logs', '--is-upgrade', '--dry-run=server', '--disable-openapi-validation',
        '--kube-apiserver', $self->{server}->url, @arguments);
    # an answer without an object: everything that one template makes is there already
    return [] if $run->{status} && $run->{err} =~ /could not find template .* in chart/;
    die "helm template @arguments: $run->{err}\n" if $run->{status};
    return (schema_errors($run->{out}))[1];
}

1;
