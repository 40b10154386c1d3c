package Cluster;

# Pods of the chart that run, without Kubernetes: each has a network of its own and a root that it cannot write to, its
# user and no capability; Services are names for the first pod that they select.
#
#   use Cluster;    # first of all: the test runs in namespaces of its own, which end with it, or is skipped
#   my $cluster = Cluster->new($objects);
#   my $node = $cluster->start('Deployment', '', 0);    # a Weir::Process, with {ip}
#   is($cluster->exec($node, 'weirctl', 'status')->{status}, 0);
use v5.36;
use File::Copy qw(copy);
use Helm;
use Pods;
use Test::More;
use Weir::Process;
use Weir::Test;

use constant NETWORK => '10.44.0';

sub import {
    plan skip_all => 'pods need root, for namespaces of their own' if $>;
    # The first process of a namespace gets only the signals that it waits for.
    return @SIG{qw(ALRM INT TERM)} = (sub ($signal) { die "SIG$signal\n" }) x 3 if $ENV{WEIR_UNSHARED};
    plan skip_all => 'ip is not installed' if system 'ip -V >/dev/null 2>&1';
    my @unshare = qw(unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private);
    plan skip_all => 'pods need namespaces of their own, which cannot be made here' if system "@unshare true 2>/dev/null";
    $ENV{WEIR_UNSHARED} = 1;
    exec @unshare, $^X, $0 or die "unshare: $!\n";
}

sub sh ($command) { system($command) == 0 or die "$command has failed\n" }

# Where a Service leads: the address of the first pod that it selects.
my %addresses = (node => 2, redis => 3, analyzer => 10, test => 20);
sub address ($component, $i) { return NETWORK . '.' . ($addresses{$component} + 100 * ($component eq 'node' && $i > 0) + $i) }

sub new ($class, $objects) {
    my $self = bless { objects => $objects, image => folder . '/image' }, $class;
    chmod 0711, folder;
    mkdir $self->{image};
    for my $program (qw(weir-node weir-analyzer weir-sidecar weir-loadgen weirctl)) {
        copy(Weir::Test::program_path($program), $self->{image}) or die "$program: $!\n";
        chmod 0755, "$self->{image}/$program";
    }
    open my $hosts, '>', folder . '/hosts';
    say $hosts address($_->{spec}{selector}{'app.kubernetes.io/component'}, 0), " $_->{metadata}{name}" for objects_of($objects, 'Service');
    close $hosts;
    sh('mount --bind ' . folder . '/hosts /etc/hosts');
    sh('mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set lo up');
    sh('ip link add pods type bridge && ip addr add ' . NETWORK . '.1/24 dev pods && ip link set pods up');
    return $self;
}

sub network ($self, $name, $ip) {
    my $link = 'p' . ++$self->{n_links};
    sh("ip netns add $name && ip -n $name link set lo up");
    sh("ip link add $link type veth peer name eth0 netns $name && ip link set $link master pods up");
    sh("ip -n $name addr add $ip/24 dev eth0 && ip -n $name link set eth0 up");
}

# The command line that runs words in a pod, as its container would.
sub command ($self, $pod, @words) {
    my $security = $pod->{spec}{securityContext};
    my @writable = @{ $pod->{writable} // [] };
    chown $security->{runAsUser}, $security->{fsGroup}, @writable;
    my $mounts = join '', map { "mount --bind '$_' '$_'; " } @writable;
    return ('ip', 'netns', 'exec', $pod->{name}, 'sh', '-ec', "${mounts}mount -o remount,bind,ro /; exec \"\$@\"", 'sh',
        'setpriv', "--reuid=$security->{runAsUser}", "--regid=$security->{runAsGroup}", '--clear-groups', '--no-new-privs',
        '--bounding-set=-all', '--inh-caps=-all', '--pdeathsig', 'KILL', 'env', '-i', "PATH=$self->{image}:/usr/bin:/bin",
        (map { "$_=$pod->{env}{$_}" } sort keys %{ $pod->{env} }), @words);
}

# Pod $i of the workload whose name has this end. Environment variables may be given other values.
sub start ($self, $kind, $end = '', $i = 0, %env) {
    my $workload = object($self->{objects}, $kind, $end);
    my $component = $workload->{metadata}{labels}{'app.kubernetes.io/component'};
    my $name = $kind eq 'Pod' ? $workload->{metadata}{name} : "$workload->{metadata}{name}-$i";
    my $ip = address($component, $i);
    my $pod = Pods->plan($self->{objects}, $workload, name => $name, ip => $ip, root => folder . "/$name");
    $pod->{env}{$_} = $env{$_} for keys %env;
    $self->network($name, $ip) if !$self->{networks}{$name}++;
    my $process = Weir::Process->start([ $self->command($pod, @{ $pod->{argv} }) ], name => $name);
    @$process{qw(pod ip)} = ($pod, $ip);
    return $process;
}

# A command in a running pod, as of kubectl exec: {status, stdout, json}
sub exec ($self, $process, @words) { return run($self->command($process->{pod}, @words)) }

# Whether the probe of a pod succeeds, as it is in the chart.
sub passes ($self, $process, $probe) {
    my $wanted = $process->{pod}{container}{$probe} // die "no $probe\n";
    return $self->exec($process, @{ $wanted->{exec}{command} })->{status} == 0 if $wanted->{exec};
    my ($port) = map { $_->{containerPort} } grep { $_->{name} eq $wanted->{httpGet}{port} } @{ $process->{pod}{container}{ports} };
    return http(GET => "http://$process->{ip}:$port$wanted->{httpGet}{path}")->{status} == 200;
}

1;
