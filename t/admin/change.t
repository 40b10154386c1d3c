# Two operators do not overwrite each other: a change can be bound to what its author has seen.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 300;
my $redis = Weir::Redis->new;
my $node = node($redis);
my $other = node($redis);
my $path = '/v1/analyzers/a1';
my %at = (url => 'http://127.0.0.1:9/ingest', weight => 1, ttl_ms => 600000, version => '4.2');

sub look ($on = $node) { return ask(GET => "$on->{admin}$path") }
sub change ($if_match, $body, $on = $node) {
    return ask(PATCH => "$on->{admin}$path", $body, defined $if_match ? ('If-Match' => $if_match) : ());
}
sub weight () { return look()->{json}{weight} }

is(ask(PUT => "$node->{admin}$path", \%at)->{status}, 201, 'an analyzer registers');
my $seen = look();
my $tag = $seen->{headers}{etag};
like($tag, qr/^"\d+"$/, 'a reader of it gets a tag');
is($tag, qq{"$seen->{json}{revision}"}, 'which is its revision');
is(look($other)->{headers}{etag}, $tag, 'on every node');
is_deeply([ @{ $seen->{json} }{qw(fault version accepts ttl_ms)} ], [ undef, '4.2', 'batch', 600000 ], 'what it said is shown');
cmp_ok($seen->{json}{heartbeat_age_ms}, '<', 60000, 'and how long ago');

my $first = change($tag, { weight => 2 });
is($first->{status}, 200, 'the first to change it may');
my $now = $first->{headers}{etag};
isnt($now, $tag, 'and gets another tag');
cmp_ok($first->{json}{revision}, '>', $seen->{json}{revision}, 'a revision grows');
is(look()->{headers}{etag}, $now, 'which is the one of now');

my $second = change($tag, { weight => 5 }, $other);
is("$second->{status} $second->{json}{code}", '412 changed_meanwhile', 'the second one is told, at any node');
is($second->{headers}{'content-type'}, 'application/problem+json', 'as a problem');
is($second->{headers}{etag}, $now, 'with the tag of now');
like($second->{json}{detail}, qr/"a1".*nothing was changed.*If-Match/, 'and what to do');
is(weight, 2, 'nothing was changed');
is(change($second->{headers}{etag}, { weight => 5 }, $other)->{status}, 200, 'with that tag it may');

for ([ fault => 'down' ], [ state => 'draining' ], [ fault => undef ], [ state => 'active' ]) {
    my $before = look()->{headers}{etag};
    is(change($before, {@$_})->{status}, 200, "a change of $_->[0] goes by the tag too");
    is(change($before, { weight => 9 })->{status}, 412, 'and makes it old');
}
my $before = look()->{headers}{etag};
is(run('weirctl', '--redis', $redis->url, 'weight', 'a1', 3)->{status}, 0, 'also one by weirctl');
is(change($before, { weight => 9 })->{status}, 412, 'does');
ask(PUT => "$node->{admin}$path", \%at);
is(change(look()->{headers}{etag}, { weight => 4 })->{status}, 200, 'a registration with the same weight changes nothing');
$before = look()->{headers}{etag};
ask(PUT => "$node->{admin}$path", { %at, weight => 7 });
is(change($before, { weight => 9 })->{status}, 412, 'one that declares another weight does');

$now = look()->{headers}{etag};
is(change('*', { weight => 1 })->{status}, 200, '* is whatever there is');
is(change(undef, { weight => 1 })->{status}, 200, 'without If-Match the last one wins');
my $there = weight;
for my $old ($now, "W/$now", '"0"', '"x"', '"1x", "a,b"', 'W/' . look()->{headers}{etag}, '""') {
    is(change($old, { weight => 9 })->{status}, 412, "does not match: $old");
}
$now = look()->{headers}{etag};
is(change(qq{"1", W/"2" ,$now}, { weight => $there })->{status}, 200, 'of a list one must match');
for my $bad ('5', '"5', '', '* , "5"', '"5" "6"', '"5",', ',', 'w/"5"', "'5'") {
    my $answer = change($bad, { weight => 9 });
    is("$answer->{status} $answer->{json}{code}", '400 bad_field', "no tags: $bad");
}
is(weight, $there, 'and none of this changed anything');
is(ask(PATCH => "$node->{admin}/v1/analyzers/a2", { weight => 1 }, 'If-Match' => '*')->{status}, 404, 'who is not there is not found');
is(change('"0"', { weight => -1 })->{status}, 400, 'a bad value is told first');

change(undef, { fault => 'slow:5' });
my $known = wait_until { my $a = look()->{json}; $a->{fault} && $a } 20, 'the fault';
my $epoch = ask(GET => "$node->{admin}/v1/cluster")->{json}{epoch};
wait_until { $_->log =~ /component=control msg=roster .*epoch=$epoch / } 20, 'the nodes to know it' for $node, $other;
$redis->command('FLUSHALL');
wait_until { my $a = look(); $a->{status} == 200 && $a->{json}{revision} == $known->{revision} } 10, 'it to be back';
is(look()->{json}{fault}, 'slow:5', 'an emptied Redis gets back revision and fault');
is(change(qq{"$known->{revision}"}, { weight => 1 })->{status}, 200, 'so the tag holds');
done_testing;
