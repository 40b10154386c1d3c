# An id is not taken over silently: while its analyzer is alive at another address it is refused, unless it is to be replaced.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::FakeServer;
use Weir::Test;
use Weir::Tokens;

alarm 450;
my $redis = Weir::Redis->new;
my $node = node($redis);
my $path = "$node->{admin}/v1/analyzers/a1";

# Who is at home answers.
my %server = map { $_ => Weir::FakeServer->start(sub { {} }) } 1 .. 3;
my ($port1, $port2) = map { $server{$_}{port} } 1, 2;
sub register ($n, %more) {
    return ask(PUT => $path, { url => $server{$n}->url('/ingest'), weight => 1, ttl_ms => 600000, %more });
}
sub is_at ($n) { return url() eq $server{$n}->url('/ingest') }
sub url () { return ask(GET => $path)->{json}{url} }
sub beats ($instance) { return ask(POST => "$path/heartbeat", { instance => $instance })->{status} }

my $first = register(1)->{json}{instance};
wait_until { $node->log =~ /msg="analyzer known"/ } 20, 'the node to know it';
my $refused = register(2);
is("$refused->{status} $refused->{json}{code}", '409 in_use', 'one at another port is refused');
like($refused->{json}{detail}, qr/"a1".*$port1.*"replace": true/, 'and is told where the other one lives, and what to do');
is(beats($first), 200, 'the first one goes on');
is(register(1, instance => 'again')->{status}, 200, 'one at the same address may come back');
is(register(2, replace => \0)->{status}, 409, 'not to replace is the default');

is(register(2, replace => \1)->{status}, 200, 'one that is to replace it does');
ok(is_at(2), 'and has its place');
is(beats('again'), 409, 'and the other one is told');
my ($event) = grep { $_->{kind} eq 'replaced' } @{ ask(GET => "$node->{admin}/v1/events")->{json}{events} };
like("$event->{was} $event->{now} $event->{text}", qr{^\S+:$port1\S+ \S+:$port2\S+ a1: .*:$port2.*:$port1}, 'an event names both');

my $last = register(2, instance => 'last', ttl_ms => 500);
wait_until { ask(GET => $path)->{json}{share} == 0 } 20, 'its lease to end';
is(register(3)->{status}, 201, 'when its lease has ended, anybody may have the id');
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

# One that was killed comes back at another port, long before its lease has ended.
my @long = ('weir-analyzer', '--id', 'a3', '--ttl', '10m', '--listen', '127.0.0.1:0', '--register', $node->{admin});
my $killed = Weir::Process->start(\@long, name => 'killed');
$killed->wait_log(qr/msg=registered/);
$killed->kill_now;
my $back = Weir::Process->start(\@long, name => 'back');
$back->wait_log(qr/msg=registered/, 30);
pass('one that no node reaches any more is replaced');

# The same without any probe, as soon as its heartbeats are missed.
my $blind = node($redis, '--probe-interval', '1m');
my $silent = ask(PUT => "$blind->{admin}/v1/analyzers/a4", { url => $server{1}->url('/ingest'), weight => 1, ttl_ms => 6000 });
is($silent->{status}, 201, 'one that will send no heartbeat registers');
sub try_other () { return ask(PUT => "$blind->{admin}/v1/analyzers/a4", { url => $server{2}->url('/ingest'), weight => 1, ttl_ms => 6000 })->{status} }
is(try_other(), 409, 'its id is refused at first');
wait_until { try_other() == 200 } 20, 'the id';
pass('and given before its lease ends');
done_testing;
