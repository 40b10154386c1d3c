# Nesting has one bound, for whoever sends it and wherever it comes out of Redis; beyond it a request is refused, and the node goes on.
# With WEIR_BIN=build-asan/bin the same, on stacks that the sanitizers make larger.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 450;
use constant BOUND => 256;
my $redis = Weir::Redis->new;
my $node = node($redis);
my $path = '/v1/analyzers/a1';
my %at = (url => 'http://127.0.0.1:9/ingest', weight => 1, ttl_ms => 600000);

# Arrays, or objects, in each other, to the given depth.
sub deep ($n, $open = '[', $core = '1') { return ($open x $n) . $core . (($open eq '[' ? ']' : '}') x $n) }
sub code ($answer) { return "$answer->{status} " . ($answer->{json}{code} // '') }
sub lives ($when) { is(ask(GET => "$node->{admin}/livez")->{status}, 200, "the node lives $when") }

is(ask(PUT => "$node->{admin}$path", \%at)->{status}, 201, 'an analyzer registers');
my @routes = ([ PUT => $path ], [ PATCH => $path ], [ DELETE => $path ], [ POST => "$path/heartbeat" ], [ POST => '/v1/dead/replay' ],
    [ POST => '/v1/dead/purge' ]);
for my $route (@routes) {
    my ($method, $to) = @$route;
    for my $n (BOUND, 400, 1000, 20000) {
        for my $open ('[', '{"a":') {
            my $answer = eval { http($method, "$node->{admin}$to", substr $open x $n . 1 . ($open eq '[' ? ']' : '}') x $n, 0, 60000) };
            is($answer->{status}, 400, "$method $to: $n times $open is refused");
        }
    }
}
lives('after that');
my $fits = http(PATCH => "$node->{admin}$path", '{"weight":' . deep(BOUND - 1) . '}');
is(code($fits), '400 bad_field', 'at the bound a body is read');
is(code(http(PATCH => "$node->{admin}$path", '{"weight":' . deep(BOUND) . '}')), '400 bad_json', 'and not beyond');

# A letter is shown as JSON as far as a packet may be nested, else as text.
for my $n (BOUND, BOUND + 1, 400, 20000) {
    $redis->script('bury', 'default', deep($n), 1, 'a1', 422, 'n1', 1e6, 'p', 'application/json', 1767323045678);
    my $entry = $redis->command('XREVRANGE', 'weir:{default}:dead', '+', '-', 'COUNT', 1)->[0][0];
    my $letter = http(GET => "$node->{admin}/v1/dead/$entry");
    is($letter->{status}, 200, "a dead letter $n deep is shown");
    like($letter->{content}, $n > BOUND ? qr/"body_text":/ : qr/"body":\[/, $n > BOUND ? 'as text' : 'as JSON');
}

# What somebody wrote into Redis.
my $info = $redis->command('HGET', 'weir:{default}:info', 'a1');
for my $n (BOUND, 400, 900) {
    (my $deep = $info) =~ s/\}\z/',"junk":' . deep($n) . '}'/e or die;
    $redis->command('HSET', 'weir:{default}:info', 'a1', $deep);
    $redis->command('HSET', 'weir:{default}:report', 'n1', '{"lanes":' . deep($n) . '}');
    is(ask(GET => "$node->{admin}/v1/$_")->{status}, 200, "$_ is answered with info $n deep in Redis") for qw(cluster analyzers nodes overview);
    run('weirctl', '--redis', $redis->url, $_)->{status} >= 0 or fail("weirctl $_ with info $n deep") for qw(status nodes);
}
lives('after all');
is($node->end, 0, 'and ends well');

# The same bound for what agents send, on the way to an analyzer and there.
my $redis2 = Weir::Redis->new;
$node = node($redis2);
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--listen', '127.0.0.1:0', '--id', 'a1', '--weight', 1, '--register', $node->{admin} ], name => 'a1');
wait_until { $node->log =~ /msg="analyzer known"/ } 10, 'the analyzer';
for my $packet (deep(200), deep(BOUND), deep(BOUND, '[', '{}'), '{"messages":' . deep(BOUND - 1) . '}') {
    is(http(POST => "$node->{ingest}/ingest", $packet)->{status}, 202, 'a packet is taken at the bound: ' . length $packet);
}
is(code(http(POST => "$node->{ingest}/ingest", deep(BOUND + 1))), '400 bad_json', 'and not beyond');
is(metrics($node)->{weir_dead_packets_total}, 0, 'and an analyzer takes what ingest takes');
is($analyzer->end, 0, 'the analyzer lives');
done_testing;
