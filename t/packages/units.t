# The units of systemd: what is documented about them can be done.
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
done_testing;
