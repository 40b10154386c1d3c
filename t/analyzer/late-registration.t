# A registration that was held up on its way does not end the analyzer that has registered elsewhere meanwhile.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 1 });
$cluster->node(1)->signal('STOP');
my $a2 = $cluster->start_analyzer(a2 => 1);
$a2->wait_log(qr/msg=registered/, 10); # at the second node, after the first did not answer
$cluster->node(1)->signal('CONT');
my $is_late = eval { wait_until { $cluster->node(1)->log =~ /analyzer registered.*analyzer=a2 / } 5, 'the first node to carry it out'; 1 };
note($is_late ? 'the first node has carried it out' : 'the first node has dropped it');
is($a2->wait_end(4), undef, 'it goes on');
is_deeply([ map { $_->{health} } @{ $cluster->cluster(2)->{analyzers} } ], [ 'up', 'up' ], 'as a member');
done_testing;
