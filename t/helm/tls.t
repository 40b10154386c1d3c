# TLS ports of nodes: certificates from Secrets or by cert-manager, each port for itself.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use Test::More;
use Helm;
use Weir::Test;

alarm 600;

sub args ($objects) { return join ' ', container(object($objects, 'Deployment'))->{args}->@* }
sub ports ($object) { return join ' ', map { "$_->{name}:" . ($_->{port} // $_->{containerPort}) } @{ $object->{spec}{ports} // container($object)->{ports} } }
sub secrets ($objects) {
    my $pod = object($objects, 'Deployment')->{spec}{template}{spec};
    my %path = map { $_->{name} => $_->{mountPath} } @{ $pod->{containers}[0]{volumeMounts} };
    return { map { $path{ $_->{name} } => $_->{secret}{secretName} } grep { $_->{name} =~ /^tls-/ } @{ $pod->{volumes} } };
}
sub services ($objects) { return map { ports($_) } objects_of($objects, 'Service') }

my $plain = render();
unlike(args($plain), qr/tls/, 'by default there is no TLS port');
is_deeply(secrets($plain), {}, 'nor a certificate');

my $set = render('--set', 'tls.ingest.secretName=logs-tls,tls.ingest.clientCASecret=agents-ca,tls.ingest.clientVerify=optional,tls.deliver.caSecret=analyzers-ca,tls.deliver.secretName=node-tls');
my $args = args($set);
like($args, qr{--listen-tls=:8443 --tls-cert=/etc/weir/tls/ingest/tls.crt --tls-key=/etc/weir/tls/ingest/tls.key}, 'a Secret makes a TLS port for agents');
like($args, qr{--tls-client-ca=/etc/weir/tls/ingest-clients/ca.crt --tls-client-verify=optional}, 'which may ask them for certificates');
like($args, qr{--deliver-ca=/etc/weir/tls/deliver-ca/ca.crt --deliver-cert=/etc/weir/tls/deliver/tls.crt}, 'deliveries have an authority and a certificate');
unlike($args, qr/admin-listen-tls/, 'and the admin port stays as it is');
is_deeply(secrets($set), { '/etc/weir/tls/ingest' => 'logs-tls', '/etc/weir/tls/ingest-clients' => 'agents-ca', '/etc/weir/tls/deliver' => 'node-tls', '/etc/weir/tls/deliver-ca' => 'analyzers-ca' },
    'each file comes from its Secret');
like(ports(object($set, 'Deployment')), qr/ingest-tls:8443/, 'the container has the port');
ok((grep { /^ingest:8080 ingest-tls:8443$/ } services($set)), 'and the Service, too');
my ($policy) = grep { $_->{metadata}{name} =~ /-node$/ } objects_of($set, 'NetworkPolicy');
is_deeply([ map { $_->{port} } @{ $policy->{spec}{ingress}[0]{ports} } ], [qw(ingest ingest-tls)], 'who may reach the plain port may reach it');
is(scalar(objects_of($set, 'Certificate')), 0, 'cert-manager is not needed');

my $issued = render('--set', 'tls.ingest.issuer.name=ours,tls.ingest.issuer.kind=ClusterIssuer,tls.ingest.dnsNames={logs.example.com},tls.admin.issuer.name=ours,tls.admin.port=9444');
my %certificate = map { $_->{metadata}{name} => $_->{spec} } objects_of($issued, 'Certificate');
is_deeply([ sort keys %certificate ], [qw(weir-admin-tls weir-ingest-tls)], 'an issuer makes a certificate for each port');
is_deeply($certificate{'weir-ingest-tls'}{issuerRef}, { name => 'ours', kind => 'ClusterIssuer' }, 'the issuer that was named');
ok((grep { $_ eq 'logs.example.com' } @{ $certificate{'weir-ingest-tls'}{dnsNames} }), 'with the names that agents use');
ok((grep { /^weir-admin\.\S+\.svc$/ } @{ $certificate{'weir-admin-tls'}{dnsNames} }), 'and those of the Services');
is_deeply(secrets($issued), { '/etc/weir/tls/ingest' => 'weir-ingest-tls', '/etc/weir/tls/admin' => 'weir-admin-tls' }, 'and nodes read what it writes');
ok((grep { /admin-tls:9444/ } services($issued)), 'the port of the Service may be another');
done_testing;
