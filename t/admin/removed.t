# What died can be removed: by an operator, by a node once it was silent for long; and slots are never shut for an hour.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP;
use Test::More;
use Weir::Raw;
use Weir::Test;
use Weir::Tokens;

alarm 450;
my $redis = Weir::Redis->new;
my $node = node($redis, all_tokens);
my %at = (url => 'http://127.0.0.1:9/ingest', weight => 1, ttl_ms => 600000);

sub path ($id) { return "$node->{admin}/v1/analyzers/$id" }
sub ids () { return join ' ', sort map { $_->{id} } @{ ask(GET => "$node->{admin}/v1/analyzers")->{json}{analyzers} } }

is(as('register', PUT => path($_), \%at)->{status}, 201, "$_ registers") for qw(a1 a2 a3);
is(as('register', DELETE => path('a1'))->{status}, 400, 'who has the register token must say which instance leaves');
is(as('-', DELETE => path('a1'))->{status}, 401, 'and a stranger cannot');
is(as('admin', DELETE => path('a1'))->{status}, 200, 'an operator removes one');
is(ids, 'a2 a3', 'and it is gone');
is(as('admin', DELETE => path('a1'))->{status}, 404, 'once');
my ($event) = grep { $_->{kind} eq 'left' && $_->{analyzer} eq 'a1' } @{ ask(GET => "$node->{admin}/v1/events")->{json}{events} };
is($event->{cause}, 'an operator', 'an event says who it was');
my $removed = run('weirctl', '--redis', $redis->url, 'remove', 'a2');
is("$removed->{status} $removed->{stdout}", "0 a2: removed; what it got still counts\n", 'so does weirctl');
is(run('weirctl', '--redis', $redis->url, 'remove', 'a2')->{status}, 1, 'once');
is(ids, 'a3', 'and it is gone');

my $forgetful = node(my $other = Weir::Redis->new, '--forget-after', '1s');
is(ask(PUT => "$forgetful->{admin}/v1/analyzers/mine", { %at, ttl_ms => 500 })->{status}, 201, 'one registers and is never heard of again');
wait_until { !@{ ask(GET => "$forgetful->{admin}/v1/analyzers")->{json}{analyzers} } } 10, 'the node to forget it';
pass('its node removes it after forget-after');

# New ids of one address: then it has to wait, and others need not; nor has who has a token, or is known.
sub put ($id) { return ask(PUT => "$forgetful->{admin}/v1/analyzers/$id", { %at, weight => 0, ttl_ms => 500 }) }
my ($n, $refused) = (0);
while ($n < 1200 && !$refused) { # many at once: on a slow machine one after the other are fewer than four a second, which may come
    my @clients = map { Weir::Raw->connect($forgetful->{admin} =~ s{^http://}{}r) } 1 .. 16;
    $_->send(request(PUT => '/v1/analyzers/n' . $n++, encode_json({ %at, weight => 0, ttl_ms => 500 }), 'Content-Type: application/json', 'Connection: close')) for @clients;
    ($refused) = grep { $_->{status} != 201 } map { $_->answer } @clients;
}
is("$refused->{status} $refused->{code}", '429 too_many_new_ids', 'one address registers a bounded number of new ids a minute');
cmp_ok($n, '>', 200, 'which is enough for a pool');
like($refused->{headers}{'retry-after'}, qr/^[1-5]$/, 'and is told when to come again');
from('127.0.0.77');
is(put('other')->{status}, 201, 'another address may');
from('127.0.0.1');

# All slots given away, to those that are gone: the next one gets a place, and if it has to wait is told how long.
my $full = Weir::Redis->new;
$full->command('EVAL', q{for i = 0, 1023 do
      redis.call('HSET', KEYS[1], 'g' .. i, i)
      redis.call('HSET', KEYS[2], 'g' .. i, '{"instance":"x","left":true}')
      redis.call('ZADD', KEYS[3], -(redis.call('TIME')[1] * 1000 - 2000), 'g' .. i)
    end
    redis.call('SET', KEYS[4], struct.pack('<' .. string.rep('d', 11), 1, 1024, 0, 0, 0, 0, 0, 0, 0, 0, 0) .. string.rep(string.char(0), 8 * 6 * 1024))},
    4, map { "weir:{default}:$_" } qw(slot info expires hot));
my $last = node($full);
my $answer = ask(PUT => "$last->{admin}/v1/analyzers/late", \%at);
is("$answer->{status} $answer->{json}{code}", '503 full', 'who comes when all slots are taken waits');
my $wait = $answer->{headers}{'retry-after'};
like($wait, qr/^(?:[1-9]|1[01])$/, 'as long as it takes until one that got no message is gone for 10 s');
sleep $wait;
is(ask(PUT => "$last->{admin}/v1/analyzers/late", \%at)->{status}, 201, 'and then gets its place');
is($_->end, 0, 'a node ends well') for $node, $forgetful, $last;
done_testing;
