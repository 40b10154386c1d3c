# An event that stands for several takes the place of the earlier one on the page, and of no other.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Browser;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my $page = Weir::Browser->page;
$page->open($cluster->node(1)->{admin} . '/');
$page->wait_text('#connection', qr/^live$/);

# What the page's own list makes of them: who did each of them, the latest first, and how many it knows.
sub shown (@events) {
    my $added = join ',', map { my ($id, $by, $count) = @$_; qq({...same, id: '$id-0', by: '$by', count: $count}) } @events;
    return $page->value(<<~"END");
        import(new URL('assets/events.js', location.href)).then(({ Events }) => {
            const same = { kind: 'left', analyzer: 'a9', node: null, was: null, now: null, cause: 'it left', text: 'a9 left', first_ms: 1, time_ms: 2 };
            const events = new Events();
            for (const event of [$added]) events.add([event]);
            const shown = events.shown().map(({ by, count }) => `\${by} \${count}`).join();
            const known = events.seen.size;
            for (const { node } of events.entries) node.remove();
            return `\${shown}; \${known}`;
        })
        END
}

is(shown([ 1, 'x', 1 ], [ 2, 'x', 2 ], [ 3, 'x', 3 ]), 'x 3; 1', 'the latest stands for all, and no other is kept in mind');
is(shown([ 1, 'x', 1 ], [ 2, 'y', 1 ], [ 3, 'y', 2 ]), 'y 2,x 1; 2', 'what somebody else did stands for itself');
is(shown([ 1, 'x', 1 ], [ 2, 'y', 1 ], [ 3, 'x', 2 ]), 'x 2,y 1; 2', 'whoever was last');
is(shown([ 1, 'x', 1 ], [ 2, 'x', 2 ], [ 1, 'x', 1 ]), 'x 2; 1', 'an earlier one that another node still tells does not come back');
is_deeply($page->problems, [], 'the page has no complaint');
done_testing;
