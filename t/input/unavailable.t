# What may go well later is 503 with Retry-After, and nothing else is.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 450;
my $poor = Weir::Process->start([ 'weir-node', '--listen', '127.0.0.1:0', '--max-body', '1MiB', '--memory-max', '16MiB', '--workers', 1 ]);
is($poor->wait_end, 2, 'a node that could not hold one packet does not start');
my ($needed) = $poor->log =~ /^weir-node: --memory-max: "16MiB" is too small .* raise it to (\d+)MiB/m;
ok($needed, 'and says what it needs');

my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {},
    node => [ '--memory-max', (($needed // 0) << 20) + (1 << 19), '--max-body', '1MiB', '--spill-max-bytes', 0 ]);
my $input = Weir::Input->of($cluster);
my $ok = request(POST => '/ingest', '{"messages":[1,2]}');
my $large = request(POST => '/ingest', '["' . 'x' x 100_000 . '"]');

sub is_503 ($answer, $code, $what) {
    is("$answer->{status} $answer->{code}", "503 $code", $what);
    like($answer->{headers}{'retry-after'}, qr/^[1-3]$/, 'with Retry-After');
    is($answer->{headers}{'content-type'}, 'application/problem+json', 'as a problem document');
}

my $client = $input->client;
my %seconds;
for (1 .. 50) {
    $client->send($ok);
    my $answer = $client->answer;
    is_503($answer, 'no_analyzer', 'nobody is there to take it') if $_ == 1;
    $seconds{ $answer->{headers}{'retry-after'} }++;
}
$input->refused(no_analyzer => 50);
is_deeply([ sort keys %seconds ], [ 1, 2, 3 ], 'not all are told to come at the same time');
$client->send(request(GET => '/readyz') . request(GET => '/livez'));
is_deeply([ map { $_->{status} } $client->answers(2) ], [ 503, 200 ], 'the node is alive, but not ready');

# One that takes its time.
my $slow = Weir::FakeServer->start(sub ($n, $body, $path) { return $path eq '/ingest' ? { delay => 1 } : {} });
http(PUT => $input->node->{admin} . '/v1/analyzers/slow', { url => $slow->url('/ingest'), weight => 1, ttl_ms => 60000 });
$input->node->wait_log(qr/msg="analyzer known" .*analyzer=slow /);
my $held = wait_until { my $now = metrics($input->node); $now->{weir_connections} == 2 && $now->{weir_held_bytes} } 10,
    'the memory that is charged for two connections';
my @clients = map { $input->client } 1 .. 24;
$_->send($large) for @clients;
my @answers = map { $_->answer } @clients;
my ($full) = grep { $_->{status} == 503 } @answers;
is_503($full, 'no_memory', 'a node holds no more packets than it may');
my $n_full = grep { ($_->{code} // '') eq 'no_memory' } @answers;
my $n_taken = grep { $_->{status} == 202 } @answers;
is($n_full + $n_taken, 24, 'and delivers those it holds');
cmp_ok($n_taken, '>=', 5, 'which are as many as there is room for');
$input->refused(no_memory => $n_full);
$input->accepted($n_taken);

# A client that is gone before its packet's fate is known.
$client = $input->client;
$client->send($large);
wait_until { $input->metric('weir_lane_flying_batches') > 0 } 10, 'on its way';
$client->reset;
$input->accepted(1);
$input->bystander_is_well('while others wait');
$_->close for @clients;
# the memory charged for a connection changes by a few KB; the packet has 100
ok(eval { wait_until { $input->metric('weir_held_bytes') < $held + 20_000 } 10, 'release' }, 'whose packet is delivered and let go all the same');

# Nothing that was accepted is lost when the node ends; who cannot be served by then is told to come again.
$client = $input->client;
$client->send($ok . $ok);
wait_until { $input->metric('weir_lane_flying_batches') > 0 } 10, 'on its way';
$input->node->signal('TERM');
@answers = $client->answers;
is_deeply([ map { $_->{status} } @answers ], [ 202, 202 ], 'what is under way is finished');
is($answers[-1]{headers}{connection}, 'close', 'and then the connection');
is($input->node->wait_end, 0, 'the node ends well');
done_testing;
