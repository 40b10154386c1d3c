# A log server of the user's joins the pool by a sidecar container, which one value switches on.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use Test::More;
use Helm;
use Weir::Test qw(:DEFAULT program_path);

alarm 300;
ok(!grep({ $_->{metadata}{name} =~ /sidecar/ } @{ render() }), 'by default there is none');
my @set = map { ('--set', $_) } 'sidecar.enabled=true', 'sidecar.image=registry.example.com/logs:1', 'sidecar.health=http://127.0.0.1:9001/ready', 'sidecar.weight=2',
    'sidecar.options.health-status=200-204', 'networkPolicy.enabled=true', 'sidecar.headersSecret=splunk';
my $objects = render(@set);
my ($set) = grep { $_->{metadata}{name} eq 'weir-sidecar' } objects_of($objects, 'StatefulSet');
my ($server, $sidecar) = @{ $set->{spec}{template}{spec}{containers} };
is($server->{image}, 'registry.example.com/logs:1', 'the server is the image that was named');
is($sidecar->{command}[0], 'weir-sidecar', 'and a sidecar is beside it');
my %known = (POD_NAME => 'weir-sidecar-0', POD_IP => '10.0.0.7');
my @args = map { s/\$\((\w+)\)/$known{$1}/gr } @{ $sidecar->{args} };
my $run = run('weir-sidecar', '--print-config', @args);
is($run->{status}, 0, 'the program knows all that it is given') or diag($run->{stderr});
like($run->{stdout}, qr/^$_/m, "... $_") for 'id = weir-sidecar-0 ', 'url = http://10.0.0.7:9001/ingest ', 'weight = 2 ', 'health = http://127.0.0.1:9001/ready ', 'register = http://weir-admin:8081 ', 'health-status = 200-204 ';
my @of_ipv6 = map { s/\Q10.0.0.7\E/fd00::7/gr } @args;
$run = run('weir-sidecar', '--print-config', @of_ipv6);
is($run->{status}, 0, 'a pod whose address is one of IPv6 starts, too') or diag($run->{stderr});
is((grep { $_->{name} eq 'WEIR_REGISTER_TOKEN_FILE' } @{ $sidecar->{env} }), 1, 'its token comes from a file');
my ($headers) = grep { $_->{name} eq 'WEIR_SIDECAR_HEADER' } @{ $sidecar->{env} };
is("$headers->{valueFrom}{secretKeyRef}{name} $headers->{valueFrom}{secretKeyRef}{key}", 'splunk headers', 'and so do the headers of the server');
my %policies = map { $_->{metadata}{name} => $_ } objects_of($objects, 'NetworkPolicy');
like(join("", explain($policies{"weir-node"}{spec}{egress})), qr/server/, 'nodes may reach it') if $policies{'weir-node'};
my ($analyzer) = grep { $_->{metadata}{name} eq 'weir-analyzer' } objects_of(render(map { ('--set', $_) } 'analyzers.outbox.enabled=true', 'analyzers.outbox.size=3Gi', 'analyzers.options.sink=gelf+tcp://graylog:12201'), 'StatefulSet');
is($analyzer->{spec}{volumeClaimTemplates}[0]{spec}{resources}{requests}{storage}, '3Gi', 'an outbox of an analyzer has a volume');
my ($mount) = grep { $_->{name} eq 'outbox' } @{ $analyzer->{spec}{template}{spec}{containers}[0]{volumeMounts} };
is((grep { $_ eq "--sink-outbox=$mount->{mountPath}/outbox" } @{ $analyzer->{spec}{template}{spec}{containers}[0]{args} }), 1, 'where the analyzer has it');
my $refused = helm('template', 'weir', $Helm::chart, '--set', 'sidecar.enabled=true');
isnt($refused->{status}, 0, 'without an image it is refused');
like($refused->{err}, qr/sidecar\.image: name the image/, '... by its name');
done_testing;
