# An id is not taken over silently: while its analyzer is alive at another address it is refused, unless it is to be replaced.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 450;
my $redis = Weir::Redis->new;
my $node = node($redis);
my $path = "$node->{admin}/v1/analyzers/a1";

sub register ($port, %more) {
    return ask(PUT => $path, { url => "http://127.0.0.1:$port/ingest", weight => 1, ttl_ms => 600000, %more });
}
sub url () { return ask(GET => $path)->{json}{url} }
sub beats ($instance) { return ask(POST => "$path/heartbeat", { instance => $instance })->{status} }

my $first = register(9001)->{json}{instance};
wait_until { $node->log =~ /msg="analyzer known"/ } 5, 'the node to know it';
my $refused = register(9002);
is("$refused->{status} $refused->{json}{code}", '409 in_use', 'one at another port is refused');
like($refused->{json}{detail}, qr{"a1".*127\.0\.0\.1:9001.*"replace": true}, 'and is told where the other one lives, and what to do');
is(beats($first), 200, 'the first one goes on');
is(register(9001, instance => 'again')->{status}, 200, 'one at the same address may come back');
is(register(9002, replace => \0)->{status}, 409, 'not to replace is the default');

is(register(9002, replace => \1)->{status}, 200, 'one that is to replace it does');
like(url, qr/:9002/, 'and has its place');
is(beats('again'), 409, 'and the other one is told');
my ($event) = grep { $_->{kind} eq 'replaced' } @{ ask(GET => "$node->{admin}/v1/events")->{json}{events} };
like("$event->{was} $event->{now} $event->{text}", qr{^\S+:9001\S+ \S+:9002\S+ a1: .*:9002.*:9001}, 'an event names both');

my $last = register(9002, instance => 'last', ttl_ms => 500);
wait_until { ask(GET => $path)->{json}{share} == 0 } 5, 'its lease to end';
is(register(9003)->{status}, 201, 'when its lease has ended, anybody may have the id');
is(ask(DELETE => $path, { instance => ask(GET => $path)->{json}{instance} // 'x' })->{status}, 409, 'whoever is not it cannot remove it');

# The program: the second one waits, and says why.
my @analyzer = ('weir-analyzer', '--id', 'a2', '--listen', '127.0.0.1:0', '--register', $node->{admin});
my $one = Weir::Process->start(\@analyzer, name => 'one');
$one->wait_log(qr/msg=registered/);
my $two = Weir::Process->start(\@analyzer, name => 'two');
like($two->wait_log(qr/(msg="the registry refuses".*)/), qr/status=409.*"a2\\?" is alive/, 'a second weir-analyzer does not get its id');
is($two->end, 0, 'and can be ended');
my $three = Weir::Process->start([ @analyzer, '--replace' ], name => 'three');
$three->wait_log(qr/msg=registered/);
isnt($one->wait_end(10), undef, 'with --replace it does, and the other one ends');
is($three->end, 0, 'it ends well');
done_testing;
