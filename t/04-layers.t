# Folders are layers: each file includes only what the line "Uses:" in the README.md of its wing allows, and nothing in a circle.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;
use Weir::Layers;

my $top = "$Bin/..";
my $house = Weir::Layers->new($top);

# Fails once for all that is in the list, and names each.
sub none ($title, @found) {
    ok(!@found, $title) or diag(join "\n", @found);
}

cmp_ok(scalar $house->files, '>', 200, 'the files of five folders are read');
none('each wing says in its README.md what it uses', map { "$_/README.md has no line Uses:" } grep { !$house->uses($_) } $house->wings);
none('each include names its file by the whole path', $house->unknown);
none('no file includes what its wing may not use', $house->forbidden);
none('no wing may use more than it does', $house->unneeded);
none('each wing says who uses it', $house->wrong_users);
none('no wings may use each other in a circle', $house->wings_in_circles);
none('no files include each other in a circle', $house->circles);
cmp_ok(scalar $house->rooms('node'), '<=', 22, 'node/ has at most 22 rooms');
cmp_ok($house->floors('node'), '<=', 10, 'on at most 10 floors');

subtest 'an include against the layers is found, by name' => sub {
    my $upward = Weir::Layers->new($top)->add('node/packet/packet.c', 'node/route/router.h');
    like(join("\n", $upward->forbidden), qr{^node/packet/packet\.c includes "node/route/router\.h"}m, 'from a leaf to what routes');
    my $across = Weir::Layers->new($top)->add('common/buf.c', 'registry/roster.h');
    like(join("\n", $across->forbidden), qr{^common/buf\.c includes "registry/roster\.h"}m, 'from the ground to the registry');
    my $round = Weir::Layers->new($top)->add('node/deliver/breaker.h', 'node/deliver/lane.h');
    isnt(join("\n", $round->circles), join("\n", $house->circles), 'a circle within a wing');
    my $strange = Weir::Layers->new($top)->add('node/worker.c', 'worker.h');
    like(join("\n", $strange->unknown), qr{^node/worker\.c includes "worker\.h"}m, 'a path that is not whole');
};

subtest 'unit tests mirror the tree' => sub {
    my %is_file = map { s/\.(?:c|cpp)$//r => 1 } $house->files;
    my %is_wing = map { $_ => 1 } $house->wings;
    my @strays = grep { my $wing = s{/[^/]+$}{}r; !$is_wing{$wing} } map { m{/t/unit/(.+/[^/]+)\.c$} ? $1 : () } glob "$top/t/unit/{common,registry,node,analyzer,loadgen}/{*,*/*}.c";
    none('each stands in the folder of a wing', @strays);
};
done_testing;
