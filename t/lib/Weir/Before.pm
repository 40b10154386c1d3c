package Weir::Before;

# An older weir-node, for tests of upgrades: its folder of programs, and what it is.
#
#   my ($bin, $what) = before;
#   { local $ENV{WEIR_BIN} = $bin; $cluster->start_node('n1') }
#
# WEIR_BEFORE names a folder of programs that somebody has built, as scripts/release.sh does. Without it the last release is
# built from git, or before the first release the commit FIRST. Where git does not have that commit, a stand-in is built:
# these sources, with another version and with scripts that have other SHA1s.
use v5.36;
use Exporter qw(import);
use Fcntl qw(LOCK_EX);
use Weir::Base qw(checkout slurp);
use Weir::Build qw(runs);

our @EXPORT = qw(before);
use constant FIRST => 'c8c3737b06d4ad6d5f2e10f2c4a93f1d7e66bfa8'; # scripts, spill entries and registrations have changed since
use constant STAND_IN => '0.0.9';
my @inputs = qw(CMakeLists.txt cmake common registry node analyzer loadgen bench lua packaging docs/runbook.md t/unit);

sub _git (@words) {
    my $said = `cd '@{[checkout]}' && git @words 2>/dev/null`;
    chomp $said;
    return $? ? '' : $said;
}

# The commit of the last release before this one, or of FIRST; '': git does not have it.
sub _commit () {
    my $tag = _git(qw(describe --tags --abbrev=0), "--match 'v[0-9]*'", 'HEAD^');
    return _git('rev-parse --verify --quiet', ($tag || FIRST) . "^'{commit}'");
}

# Into $folder/source; what an older build left goes.
sub _unpack ($folder, $commit) {
    my $source = "$folder/source";
    runs(qw(rm -rf), $source, "$folder/build") || return 0;
    return runs('sh', '-c', 'mkdir -p "$1" && git archive "$2" | tar -x -C "$1"', 'sh', $source, $commit) if $commit;
    return runs('sh', '-c', 'to=$1; shift; mkdir -p "$to" && cp -r --parents "$@" "$to"', 'sh', $source, @inputs)
        && runs('perl', '-pi', '-e', "s/^(project\\(weir VERSION )\\S+/\${1}@{[STAND_IN]}/", "$source/CMakeLists.txt")
        && runs('sh', '-c', 'for script in "$1"/lua/*.lua; do echo "-- another version" >>"$script" || exit; done', 'sh', $source);
}

# Compiled as fast as can be: speed is not what these tests look at.
sub _build ($folder) {
    return runs('cmake', '-S', "$folder/source", '-B', "$folder/build", '-G', 'Ninja', map { "-DCMAKE_${_}" } 'BUILD_TYPE=Debug', 'C_FLAGS_DEBUG=-O0', 'CXX_FLAGS_DEBUG=-O0',
            'C_FLAGS=-w', 'CXX_FLAGS=-w')
        && runs('ninja', '-C', "$folder/build", 'weir-node');
}

sub before () {
    return ($ENV{WEIR_BEFORE}, 'the programs in WEIR_BEFORE') if $ENV{WEIR_BEFORE};
    my $folder = checkout . '/build-before';
    -d $folder || mkdir($folder) || -d $folder || die "$folder: $!\n";
    open my $lock, '>', "$folder/lock" or die "$folder/lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    my $commit = _commit();
    my $what = $commit ? 'commit ' . substr($commit, 0, 8) : 'a stand-in made of these sources';
    my $is_new = !$commit || slurp("$folder/commit") ne $commit || !-x "$folder/build/bin/weir-node";
    if ($is_new) {
        unlink "$folder/commit";
        _unpack($folder, $commit) && _build($folder) or die "$what cannot be built\n";
        open my $out, '>', "$folder/commit" or die "$folder/commit: $!\n";
        print $out $commit;
    }
    return ("$folder/build/bin", $what);
}

1;
