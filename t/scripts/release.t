# scripts/release.sh on a copy of the tree: versions, changelog, commit, artifacts, tag. Helm, Docker and the packages are stand-ins.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Base qw(checkout);
use Weir::Test;

alarm 120;
my $tree = folder . '/tree';
my $log = folder . '/log';
my @versioned = qw(CMakeLists.txt helm/weir/Chart.yaml node/openapi.yaml Dockerfile docs/kubernetes.md);

sub sh ($command) {
    my $status = system "cd '$tree' && ($command) >'$log' 2>&1";
    return $status >> 8;
}
sub said ($command) { sh($command); return slurp($log) }

sub write_to ($name, $text) {
    open my $out, '>', "$tree/$name" or die "$name: $!\n";
    print $out $text;
    close $out or die "$name: $!\n";
    return;
}

# The files that a release changes, and a repository around them.
mkdir $tree or die "$tree: $!\n";
system("cd '@{[checkout]}' && cp --parents -r @versioned scripts '$tree'") == 0 or die "cp: $?\n";
write_to('CHANGELOG.md', "# Changelog\n\n## [Unreleased]\n\nTo be 7.8.9.\n\n### Added\n\n- A thing.\n- Another.\n\n## [0.0.1] - 2020-01-01\n\n- Old.\n");
write_to('.gitignore', "build/\nbin/\n");
write_to('scripts/debs.sh', "#!/bin/sh\necho deb >\"\$1/weir-node_7.8.9_all.deb\"\n");
mkdir "$tree/bin" or die "bin: $!\n";
my $calls = folder . '/calls';
my $helm = "#!/bin/sh\necho \"helm \$*\" >>'$calls'\n[ \"\$1\" != package ] || echo chart >\"\$4/weir-7.8.9.tgz\"\n";
write_to('bin/helm', $helm);
write_to('bin/docker', "#!/bin/sh\necho \"docker \$*\" >>'$calls'\n[ \"\$1\" != run ] || echo weir-node 7.8.9 amd64\n");
chmod 0755, "$tree/bin/helm", "$tree/bin/docker", "$tree/scripts/debs.sh";
$ENV{PATH} = "$tree/bin:$ENV{PATH}";
$ENV{"GIT_${_}_NAME"} = 'T', $ENV{"GIT_${_}_EMAIL"} = 't@example.org' for qw(AUTHOR COMMITTER);
is(sh('git init -q && git add -A && git commit -qm first && git tag v0.0.1'), 0, 'there is a repository') or diag(slurp($log));

# Each file names one version now; a file that gets it wrong would be seen here, before a release.
my ($current) = slurp("$tree/CMakeLists.txt") =~ /^project\(weir VERSION (\S+)/m;
my %pattern = (
    'helm/weir/Chart.yaml' => qr/^(?:version|appVersion): (\S+)|image: weir:(\S+)/m,
    'node/openapi.yaml' => qr/^\s+version: '([\d.]+)'/m,
    Dockerfile => qr/^ARG VERSION=(\S+)/m,
    'docs/kubernetes.md' => qr/weir:(\d+\.\d+\.\d+)/,
);

sub versions ($name) {
    my %found = map { $_ => 1 } grep { defined } slurp("$tree/$name") =~ /$pattern{$name}/g;
    return join ' ', sort keys %found;
}
is(versions($_), $current, "$_ names the version of CMakeLists.txt") for sort keys %pattern;

my $release = 'scripts/release.sh 7.8.9 --date 2030-02-03 --skip tests,chaos,bench --push-chart oci://r.example/charts --push-image r.example/weir';
for ([ 'scripts/release.sh', 'no version' ], [ 'scripts/release.sh 1.2', 'two numbers' ], [ 'scripts/release.sh 01.2.3', 'a leading zero' ],
    [ "$release --skip lunch", 'an unknown step' ], [ "$release --push-chart r.example/charts", 'a registry of charts without oci://' ], [ "$release --skip image", 'to push an image that is not made' ],
    [ "$release --date soon", 'a bad date' ]) {
    is(sh($_->[0]), 2, "refused: $_->[1]");
}
is(sh('scripts/release.sh 0.0.0 --skip tests,chaos,bench,image'), 1, 'a version before the last release is refused');
write_to('new', '');
is(sh($release), 1, 'so is a tree with changes');
unlink "$tree/new";

my $before = said('git rev-parse HEAD; git tag; ls');
my $dry = said("$release --dry-run");
like($dry, qr/dates 2 entries .*\n(?s:.*)^\+ scripts\/debs\.sh(?s:.*)^\+ helm package(?s:.*)^\+ git tag .*v7\.8\.9(?s:.*)^\+ helm push .*\/weir-7\.8\.9\.tgz oci:/m, 'a dry run prints the steps in order');
is(said('git rev-parse HEAD; git tag; ls'), $before, '... and changes nothing');

write_to('bin/helm', "#!/bin/sh\nexit 1\n");
isnt(sh($release), 0, 'where a step fails, the release does');
is(said('git tag'), "v0.0.1\n", '... and there is no tag');
write_to('bin/helm', $helm);
is(sh($release), 0, 'the same command goes on with it') or diag(slurp($log));

is(versions($_), '7.8.9', "$_ has the new version") for sort keys %pattern;
like(slurp("$tree/CMakeLists.txt"), qr/^project\(weir VERSION 7\.8\.9 /m, 'so has CMakeLists.txt');
like(slurp("$tree/CHANGELOG.md"), qr/^## \[Unreleased\]\n\n## \[7\.8\.9\] - 2030-02-03\n\n### Added\n\n- A thing\.\n- Another\.\n\n## \[0\.0\.1\]/m, 'the changelog is cut');
is(said('git cat-file -t v7.8.9; git log -1 --format=%s v7.8.9; git rev-list --count v7.8.9; git status --porcelain'), "tag\nRelease 7.8.9\n2\n",
    'one commit has it all, and the tag is annotated');
is(sh('cd build/release-7.8.9 && sha256sum -c SHA256SUMS'), 0, 'the sums are those of the files') or diag(slurp($log));
is(join(' ', map { s/.*: .*|:.*//r } split /\n/, said('cd build/release-7.8.9 && cut -d" " -f3 SHA256SUMS')), 'weir-7.8.9-image.packages.txt weir-7.8.9.tgz weir-node_7.8.9_all.deb',
    'packages, chart and the list of what is in the image are among them');
like(slurp($calls), qr{^docker build .*SOURCE_DATE_EPOCH=\d+ --tag weir:7\.8\.9 \.\n(?s:.*)^helm push \S+/weir-7\.8\.9\.tgz oci://r\.example/charts\ndocker tag weir:7\.8\.9 r\.example/weir:7\.8\.9\ndocker push r\.example/weir:7\.8\.9\n\z}m,
    'chart and image are pushed, last of all');
is(sh($release), 1, 'a second release of the same version is refused');
is(sh('scripts/release.sh 7.9.0 --skip tests,chaos,bench,image'), 1, 'one without news is refused, too');
done_testing;
