# What the relay of t/chaos does to connections and answers, and to whose.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../lib";
use HTTP::Tiny;
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use Chaos::Relay;
use Weir::FakeServer;
use Weir::Base qw(until_true);

alarm 300;
my $server = Weir::FakeServer->start(sub ($n, $body, $path) { { status => 202, body => '{"status":"accepted"}' } });
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64) or die "listen: $@";
my $url = 'http://127.0.0.1:' . $listener->sockport . '/ingest';
my $relay = Chaos::Relay->start({ listener => $listener, server => 'a1', to => $server->{port} });
$relay->client(n1 => $$);

# Each on a connection of its own. The status; 599: there was no answer that is one.
my $n = 0;
sub post ($timeout = 1) { return HTTP::Tiny->new(timeout => $timeout)->post($url, { content => '{"id":"' . ++$n . '"}' })->{status} }
sub probe () { return HTTP::Tiny->new(timeout => 1)->get($url =~ s/ingest/health/r)->{status} }
sub has_arrived () { return scalar grep { $_ eq qq({"id":"$n"}) } $server->bodies }

is(post, 202, 'pass: a request is answered');
is(has_arrived, 1, 'by the server');

for my $status (500, 503) {
    $relay->rule('n1>a1', "status$status", 'ill');
    is(post, $status, "status$status: that is the answer");
    is(has_arrived, 0, 'and the server knows nothing of it');
    is(probe, $status, 'a probe gets the same');
    $relay->rule('n1>a1', "status$status", 'fine');
    is(post, $status, 'with fine probes the others get it');
    is(probe, 202, 'and a probe does not');
}

$relay->rule('n1>a1', 'garbage', 'ill');
is_deeply([ grep { /^2/ } map { post } 1 .. 14 ], [], 'garbage: nothing of it looks like an acknowledgement');
is(has_arrived, 0, 'and the server knows nothing of it');

$relay->rule('n1>a1', 'silent', 'ill');
is(post(0.2), 599, 'silent: no answer');
is(has_arrived, 0, 'and the server knows nothing of it');

# Byte for byte, on a connection of its own.
sub raw () { return IO::Socket::INET->new(PeerAddr => $url =~ s{.*//(.*)/.*}{$1}r) // die "connect: $@" }
my $head = "POST /ingest HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\n";

$relay->rule('n1>a1', 'status500', 'ill');
my $client = raw;
print $client $head;
ok(!IO::Select->new($client)->can_read(0.1), 'a request is answered when it is whole');
print $client '{"id":"whole"}';
like(readline $client, qr/ 500 /, 'and then it is');

# HTTP::Tiny may take half an answer for one, so this is looked at byte for byte.
$relay->rule('n1>a1', 'half', 'ill');
$client = raw;
print $client $head . '{"id": "half"}';
my $answer = do { local $/; <$client> };
is(($server->bodies)[-1], '{"id": "half"}', 'half: the server has it');
like($answer, qr/^HTTP/, 'the client gets a beginning');
unlike($answer, qr/accepted"}/, 'and then the end of the connection');

$relay->rule('n1>a1', 'reset');
is(post, 599, 'reset: no connection');
$relay->rule('n1>a1', 'hold');
is(post(0.2), 599, 'hold: no answer');
is(has_arrived, 0, 'while it lasts');
$relay->rule('n1>a1', 'pass');
ok(until_true(5, \&has_arrived), 'what was held back arrives when it is over');

$relay->rule('n1>a1', 'delay', 150);
my $begin = time;
is(post, 202, 'delay: an answer comes');
cmp_ok(time - $begin, '>=', 0.3, 'late, there and back');

$relay->rule('n1>a1', 'cut', 50);
my $idle = raw;
is(do { local $/; <$idle> } // '', '', 'cut: a connection does not last');
ok(until_true(5, sub { post == 202 }), 'but new ones are made');

$relay->rule('n1>a1', 'reset');
$relay->client(n1 => 0);
$relay->client(n2 => $$);
is(post, 202, 'a rule for one node is none for another');
my $counts = $relay->counts;
is("$counts->{status500} $counts->{garbage} $counts->{half}", '4 14 1', 'it counts what it did');

done_testing;
