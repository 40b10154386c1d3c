# The programs know what the chart tells them, with every set of values; what is secret is in Secrets alone.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib", $Bin;
use JSON::PP;
use Test::More;
use Helm;
use Pods;
use Weir::Test;

alarm 600;

# What is expected to be in the cluster.
sub secret ($name, %data) { return { kind => 'Secret', metadata => { name => $name }, stringData => \%data } }
my @there = (
    secret('weir-redis-url', 'redis-url' => 'redis://:known@redis.example.com:6379/2'),
    secret('redis-password', password => 'known'),
    secret('redis-passwords', password => 'known', 'sentinel-password' => 'also'),
    secret('redis-tls', 'ca.crt' => 'ca', 'tls.crt' => 'certificate', 'tls.key' => 'key'),
    secret('weir-tokens', map { ("$_-token" => "token-of-$_") } qw(ingest register admin)),
);

sub print_config ($pod) {
    my ($program, @arguments) = @{ $pod->{argv} };
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) {
        %ENV = (%{ $pod->{env} }, PATH => $ENV{PATH});
        open STDERR, '>&', \*STDOUT;
        exec Weir::Test::program_path($program), '--print-config', @arguments or die "$program: $!\n";
    }
    my $said = do { local $/; <$out> };
    return close($out) ? $said : "refused: $said";
}

my %sets = ci_sets;
my %planned;
for my $set (sort keys %sets) {
    my $objects = render('-f', $sets{$set});
    my $all = [ @$objects, grep { my $name = $_->{metadata}{name}; !grep { $_->{metadata}{name} eq $name } objects_of($objects, 'Secret') } @there ];
    for my $workload (map { objects_of($objects, $_) } qw(Deployment StatefulSet Pod)) {
        my ($title, $container) = ("$workload->{kind} $workload->{metadata}{name}", container($workload));
        unlike("@{ $container->{args} }", qr/--\S*(token|password)/i, "$set: no argument of $title is a secret");
        my @plain = map { $_->{name} } grep { defined $_->{value} && $_->{name} =~ /TOKEN|PASSWORD|AUTH/ && $_->{name} !~ /_FILE$/ } @{ $container->{env} };
        is("@plain", '', '... nor is any variable');
        my $pod = Pods->plan($all, $workload, name => "$workload->{metadata}{name}-1", ip => '10.0.0.1', root => folder . "/$set");
        $planned{$set}{ $pod->{argv}[0] } = $pod;
        next if $pod->{argv}[0] !~ /^weir-/;
        $pod->{config} = print_config($pod);
        like($pod->{config}, qr/^listen = :\d+ /m, "$set: $pod->{argv}[0] knows all that it is given");
    }
    my @secret = map { values %{ $_->{stringData} } } objects_of($objects, 'Secret');
    my $open = JSON::PP->new->canonical->encode([ grep { $_->{kind} ne 'Secret' } @$objects ]);
    is(join(' ', grep { length > 8 && index($open, $_) >= 0 } map { split /\s+/ } @secret), '', "$set: no secret is anywhere but in a Secret");
}

my $node = $planned{'all-on'}{'weir-node'};
like($node->{config}, qr/^workers = 2 /m, 'values reach the program');
like($node->{config}, qr/^max-body = 8MiB /m, 'and so do options');
like($node->{config}, qr/^# ingest-token = \*+  # WEIR_INGEST_TOKEN_FILE/m, 'the ingest token comes from its file');
like($planned{default}{'weir-node'}{config}, qr/^# ingest-token is not set/m, 'or is not asked for, by default');
like($node->{config}, qr/^# forward-key = \*+  # WEIR_NODE_FORWARD_KEY_FILE/m, 'the key of the forward protocol comes from one, too');
like($planned{default}{'weir-node'}{config}, qr/^memory-max = 384MiB/m, 'a node leaves a quarter of its memory to the system');
like($planned{default}{'weir-node'}{config}, qr/^workers = 1 /m, 'and has a worker for each CPU it requested');
like($planned{default}{'weir-analyzer'}{config}, qr/^weight = 0.3 /m, 'the second analyzer has the second weight');
like($planned{'all-on'}{'weir-analyzer'}{config}, qr/^weight = 0.5 /m, 'unless its own is given');
is($planned{'sentinel-tls'}{'weir-node'}{env}{WEIR_REDIS}, join('', 'rediss+sentinel://weir:known@sentinel-0.redis,sentinel-1.redis,',
    'sentinel-2.redis:26380/weir/3?', join '&', map { s{=/}{='.folder.'/sentinel-tls/}r =~ s{'\.folder\.'}{folder}er }
    qw(ca=/etc/weir/redis-tls/ca.crt cert=/etc/weir/redis-tls/tls.crt key=/etc/weir/redis-tls/tls.key sentinel_user=watcher sentinel_password=also)),
    'sentinels, certificates and passwords make one URL');
is(slurp($planned{'external-redis'}{'weir-node'}{env}{WEIR_REDIS_FILE}), 'redis://:known@redis.example.com:6379/2', 'a whole URL may be in a Secret');

my %mebibytes = ('1Gi' => 768, '1.5Gi' => 1152, '600M' => 429, 2147483648 => 1536, '524288Ki' => 384);
for my $limit (sort keys %mebibytes) {
    my $run = helm('template', 'weir', $Helm::chart, '--set', "node.resources.limits.memory=$limit", '--show-only', 'templates/node-deployment.yaml');
    like($run->{out}, qr/^ +- --memory-max=$mebibytes{$limit}MiB$/m, "three quarters of $limit are $mebibytes{$limit} MiB");
}
done_testing;
