# An analyzer that an operator removes while it lives registers again at its next heartbeat.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => { a1 => 1, a2 => 1 });
my $admin = $cluster->node(1)->{admin};
my $ids = sub { return join ' ', sort map { $_->{id} } @{ $cluster->cluster->{analyzers} } };
is(http(DELETE => "$admin/v1/analyzers/a1")->{status}, 200, 'an operator removes it');
wait_until { $ids->() eq 'a2' } 20, 'it to be gone';
wait_until { $ids->() eq 'a1 a2' } 30, 'it to be back';
pass('it is back by itself');
unlike($cluster->analyzer('a1')->log, qr/id taken|status=409/, 'nobody told it that its id is taken');
is($cluster->analyzer('a1')->end, 0, 'and it can leave');
done_testing;
