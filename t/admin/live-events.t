# The stream of events: what happens, as it happens, and the overview each second.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Events;
use Weir::Test;

alarm 600;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { a1 => 0.5, a2 => 0.5 });
my ($n1, $n2) = map { $_->{admin} } $cluster->nodes;

# ---- what comes, and when ----

my $events = Weir::Events->open($n1);
is($events->status, 200, 'a stream opens');
like($events->head, qr{^Content-Type: text/event-stream\r?$}m, 'as what it is');
like($events->head, qr/^Content-Security-Policy: default-src 'none'/m, 'with what keeps browsers safe');
my $first = $events->next('event');
is($first->{data}{id}, $first->{id}, 'what happened comes first, with ids');
my $overview = $events->next('overview');
is($overview->{data}{node}, 'n1', 'then the overview');
$overview = $events->next('overview') if @{ $overview->{data}{analyzers} } < 2; # the first may be a second old
is(@{ $overview->{data}{analyzers} }, 2, 'with all analyzers');
my @times = map { $events->next('overview')->{data}{now_ms} } 1 .. 3;
ok($times[0] < $times[1] && $times[1] < $times[2], "the next ones come by themselves, each with what is new: @times");

# ---- a change, seen from another node ----

my $there = Weir::Events->open($n2);
$there->next('overview');
is(http(PATCH => "$n1/v1/analyzers/a1", { weight => 2 })->{status}, 200, 'a weight is changed at one node');
my $change = $there->next('event');
is_deeply([ @{ $change->{data} }{qw(kind analyzer was now cause text)} ],
    [ 'weight', 'a1', '0.5', '2', 'an operator', 'a1: weight 0.5 -> 2 (by somebody without a token, from 127.0.0.1)' ], 'a reader at the other node hears of it');
my $seen = $there->next('overview')->{data};
is((grep { $_->{id} eq 'a1' } @{ $seen->{analyzers} })[0]{share}, 0.8, 'and sees the new share');
$there->close;

# ---- coming back ----

my $again = Weir::Events->open($n2, "Last-Event-ID: $first->{id}");
my @missed;
while (my $event = $again->next) {
    last if $event->{event} eq 'overview';
    push @missed, $event;
}
ok(!(grep { $_->{id} eq $first->{id} } @missed), 'who comes back does not get what it had');
is($missed[-1]{id}, $change->{id}, 'but all that came after it');
my $odd = Weir::Events->open($n2, 'Last-Event-ID: <script>');
is($odd->next->{event}, 'event', 'an id that is none is as good as none');
$_->close for $again, $odd;

# ---- as JSON, and bounds ----

my $list = http(GET => "$n2/v1/events")->{json}{events};
is($list->[-1]{id}, $change->{id}, 'without a stream the same is a list, the newest last');
is(http(HEAD => "$n2/v1/events", undef, Accept => 'text/event-stream')->{status}, 200, 'HEAD ends');
my @many; # a node notices that a client is gone when it next writes
wait_until { @many = grep { $_->status == 200 } @many, Weir::Events->open($n2); @many == 24 } 15, '24 streams';
is(scalar @many, 24, '24 streams of one address may be open');
my $refused = http(GET => "$n2/v1/events", undef, Accept => 'text/event-stream');
is_deeply([ $refused->{status}, $refused->{json}{code} ], [ 503, 'too_many_streams' ], 'the next one of that address is refused');
is(http(GET => "$n2/readyz")->{status}, 200, 'the rest of the port answers on');
is(http(GET => "$n2/v1/overview")->{status}, 200, 'and who may not stream may ask');
$_->close for @many;
wait_until { my $e = Weir::Events->open($n2); $e->status == 200 } 15, 'room for new ones';
pass('those that closed make room');

# ---- the end ----

$cluster->node(1)->signal('TERM');
is($cluster->node(1)->wait_end, 0, 'a node with a stream open ends well');
1 while $events->next('', 5);
is($events->{client}{end}, 'eof', 'its stream ends');
done_testing;
