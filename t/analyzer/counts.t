use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;
use Weir::Analyzer;
use Weir::FakeRegistry;
use Weir::Test qw(slurp);
use Weir::Base qw(until_true);

alarm 300;

my $record = tempdir(CLEANUP => 1) . '/record';
my $registry = Weir::FakeRegistry->new;
my @register = ('--register', $registry->url, '--register-token', 'secret', '--open-deliveries');
$registry->answer_once(PUT => 201, {instance => 'i0', heartbeat_ms => 60000});
my $a1 = Weir::Analyzer->start('--id', 'a1', '--weight', '0.5', '--record', $record, @register);

my $registers = sub { $_[0]{method} eq 'PUT' };
my $beats = sub { $_[0]{method} eq 'POST' };
my $tells = sub { my $n = shift; return sub { ($_[0]{body}{processed} // 0) == $n } };

my $call = $registry->wait_for(5, $registers);
is($call->{path}, '/v1/analyzers/a1', 'it registers under its id');
is($call->{body}{url}, $a1->url . '/ingest', 'with the URL where it listens');
is($call->{body}{weight}, 0.5, 'and its weight');
like($call->{headers}, qr/^Authorization: Bearer secret\r$/m, 'and its token');

$a1->post('/ingest', qq({"id":"p1",\n"messages":[1,2]}));
my $batch = '[{"id":"p2","messages":[1,2,3]},[1],{"id":"p1","messages":[9]}]';
my $answer = $a1->post('/ingest', $batch, 'Weir-Packets' => 3);
is($answer->{content}, '{"accepted":3,"duplicates":0}', 'a batch is taken packet by packet');
$answer = $a1->post('/ingest', '[{"id":"p2","messages":[1,2,3]}]', 'Weir-Packets' => 1);
is($answer->{content}, '{"accepted":0,"duplicates":1}', 'a packet that comes again is a duplicate');
is(slurp($record), <<'END', 'each packet is recorded once, on a line of its own');
{"id":"p1", "messages":[1,2]}
{"id":"p2","messages":[1,2,3]}
[1]
{"id":"p1","messages":[9]}
END
my $stats = $a1->stats;
is_deeply([@$stats{qw(packets messages duplicates conflicts)}], [4, 7, 1, 1], 'all is counted');

$call = $registry->wait_for(5, $tells->(7));
is($call->{path}, '/v1/analyzers/a1/heartbeat', 'what was processed is told soon');
is($call->{body}{instance}, 'i0', 'with its token');
$registry->answer_once(POST => 404);
$a1->post('/ingest', '{}');
ok($registry->wait_for(5, $registers), 'forgotten, it registers again');
is($registry->wait_for(5, $tells->(8))->{body}{instance}, 'i1', 'and tells again what it processed');

is($a1->post('/analyze', '{"messages":[1,2]}')->{status}, 200, 'packets are taken at /analyze, too');
is($a1->get('/processed')->{content}, '{"processed":10}', 'and /processed tells how many messages there were');
is($a1->get('/status')->{content}, '{"id":"a1","status":"up","enabled":true,"weight":0.5}', '/status tells who it is and how it is');
is($a1->get('/analyze')->{status}, 405, '/analyze is for deliveries alone');

is($a1->post('/ingest', '[{},{}]', 'Weir-Packets' => 3)->{status}, 400, 'a short batch is refused');
is($a1->post('/ingest', '{"id":')->{status}, 400, 'half a packet is refused');
is($a1->get('/ingest')->{status}, 405, 'GET is no way to deliver');
is($a1->get('/nothing')->{status}, 404, 'what is not there is not found');

$a1->post('/disable', '');
is($a1->get('/health')->{status}, 503, 'disabled, it fails its health check');
$answer = $a1->post('/ingest', '{}');
is_deeply([$answer->{status}, $answer->{headers}{'retry-after'}], [503, 1], 'and refuses for now');
$a1->post('/enable', '');
is($a1->post('/ingest', '{"messages":[1]}')->{status}, 200, 'enabled, it takes packets again');

$registry->answer_once(POST => 200, {fault => 'down'});
$registry->wait_for(5, $beats);
ok(until_true(5, sub { $a1->get('/health')->{status} == 503 }), 'the registry can ask for a fault');
$registry->wait_for(5, $beats);
ok(until_true(5, sub { $a1->get('/health')->{status} == 200 }), 'and end it');

$a1->process->signal('TERM');
$call = $registry->wait_for(5, sub { $_[0]{method} eq 'DELETE' });
is_deeply($call->{body}, {instance => 'i1', processed => 11}, 'on SIGTERM it deregisters');
is($a1->post('/ingest', '{}')->{status}, 200, 'still serves what is on its way');
is($a1->process->wait_end, 0, 'and ends well');

my $urls = 'http://127.0.0.1:1,' . $registry->url;
my $a2 = Weir::Analyzer->start('--id', 'a2', '--register', $urls);
ok($registry->wait_for(5, $registers), 'where one admin port fails, the next one is tried');
$registry->answer_once(POST => 409);
ok($registry->wait_for(5, $beats), 'where a successor has its id');
is($a2->process->wait_end, 1, 'it gives way');
like($a2->process->log, qr/level=error .*another instance has taken the id/, 'says so');
is($registry->wait_for(0.1, sub { 1 }), undef, 'and leaves the lease alone');
done_testing;
