package Helm;

# The chart as Helm renders it. `use Helm` skips the test where Helm is not there; with CI=true it is installed.
#
#   my $run = helm('lint', '--strict', $Helm::chart);       # {status, out}
#   my $objects = render('-f', "$Helm::chart/ci/x.yaml");    # of the Kubernetes API, each held against its schema
#   my $deployment = object($objects, 'Deployment');
use v5.36;
use Exporter qw(import);
use JSON::PP;
use Test::More;
use Weir::Build qw(checkout);
use Weir::Test qw(folder slurp);

our @EXPORT = qw(ci_sets container helm object objects_of render schema_errors);
our $chart = checkout . '/helm/weir';
our $tools = tools();

sub tools () {
    my $script = checkout . '/scripts/test-tools.sh helm';
    chomp(my $found = ($ENV{CI} // '') eq 'true' ? `$script` : `$script --find`);
    return $found if $? == 0;
    die "$script has failed\n" if ($ENV{CI} // '') eq 'true';
    plan skip_all => 'Helm is not there: scripts/test-tools.sh helm installs it';
}

$ENV{NODE_PATH} = "$tools/node_modules";
$ENV{ uc "HELM_${_}_HOME" } = folder . "/helm-$_" for qw(cache config data);

# A command with its output in files: a warning is no part of what was rendered.
sub command ($in, @command) {
    my ($out, $err) = map { folder . "/helm.$_" } qw(out err);
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<', $in;
        open STDOUT, '>', $out;
        open STDERR, '>', $err;
        exec @command or die "$command[0]: $!\n";
    }
    waitpid $pid, 0;
    return { status => $? >> 8, out => slurp($out), err => slurp($err) };
}

sub helm (@arguments) { return command('/dev/null', "$tools/helm", @arguments) }

# What is wrong with objects, in YAML, by the schemas of the Kubernetes API; and the objects.
sub schema_errors ($yaml) {
    my $path = folder . '/objects.yaml';
    open my $file, '>', $path or die "$path: $!\n";
    print $file $yaml;
    close $file;
    my $run = command($path, 'node', checkout . '/t/helm/objects.js');
    die "objects.js: $run->{err}\n" if $run->{status};
    my $answer = decode_json($run->{out});
    return ($answer->{errors}, $answer->{objects});
}

# Objects of the release `weir` in the namespace `logs`.
sub render (@arguments) {
    my $run = helm('template', 'weir', $chart, '--namespace', 'logs', @arguments);
    die "helm template @arguments: $run->{err}\n" if $run->{status};
    my ($errors, $objects) = schema_errors($run->{out});
    is("@$errors", '', "Kubernetes knows all of it: @arguments" =~ s{$chart/}{}gr);
    return $objects;
}

# Path of a value set in ci/ by its name, such as default.
sub ci_sets () { return map { m{/([^/]+)-values\.yaml$} ? ($1 => $_) : () } glob "$chart/ci/*.yaml" }

sub objects_of ($objects, $kind) { return grep { $_->{kind} eq $kind } @$objects }

# The only one of its kind, or the one whose name has this end.
sub object ($objects, $kind, $end = '') {
    my @found = grep { $_->{metadata}{name} =~ /\Q$end\E$/ } objects_of($objects, $kind);
    return @found == 1 ? $found[0] : die scalar(@found) . " objects $kind/*$end\n";
}

sub container ($object) {
    my $pod = $object->{kind} eq 'Pod' ? $object : $object->{spec}{template};
    return $pod->{spec}{containers}[0];
}

1;
