# The units of systemd: what is documented about them can be done, and they hide nothing that their programs need.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build qw(checkout);
use Weir::Test qw(slurp);

# systemd refuses a socket whose service is active, and the package starts the service.
for my $path ('docs/operating.md', 'packaging/systemd/weir-node.socket') {
    my @commands = map { /^(?:#|   ) +(systemctl .*)/ ? $1 : () } split /\n/, slurp(checkout . "/$path");
    is_deeply(\@commands, [ 'systemctl stop weir-node.socket weir-node.service', 'systemctl enable --now weir-node.socket', 'systemctl start weir-node.service' ],
        "$path: the node is stopped before systemd opens its ports, and started then");
}
my @pages = map { glob checkout . "/$_" } '*.md', 'docs/*.md', 'docs/*/*.md', 'packaging/man/*';
is(join(' ', grep { !m{/CHANGELOG} && slurp($_) =~ /`[^`\n]*enable --now weir-node\.socket/ } @pages), '', 'no sentence has the second of these commands alone');

# ProcSubset=pid leaves of /proc what belongs to processes. What a program reads besides must not be hidden from it.
my %layers = ('weir-node' => [qw(common registry node)], 'weir-analyzer' => [qw(common analyzer)]);
my %reads;
for my $unit (sort keys %layers) {
    my @sources = map { split /\n/, `find '${\checkout}/$_' -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.h'` } @{ $layers{$unit} };
    cmp_ok(scalar @sources, '>', 50, "$unit has sources");
    my @paths = map { slurp($_) =~ m{"(/proc/[^"]*)}g } @sources;
    $reads{$unit} = join ' ', grep { !m{^/proc/(?:self\b|thread-self\b|%|\d)} } @paths;
    my $hides = slurp(checkout . "/packaging/systemd/$unit.service") =~ /^ProcSubset=pid$/m;
    ok(!$hides || $reads{$unit} eq '', "$unit.service hides nothing of /proc that its program reads: " . ($reads{$unit} || 'processes alone'));
}
like($reads{'weir-node'}, qr{/proc/sys/kernel/random/boot_id\b}, 'a node reads which boot it is');
done_testing;
