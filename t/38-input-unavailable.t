# What may go well later is 503 with Retry-After, and nothing else is.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 90;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--memory-max', '1MiB', '--max-body', '1MiB' ]);
my $input = Weir::Input->of($cluster);
my $ok = request(POST => '/ingest', '{"messages":[1,2]}');

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
my @clients = map { $input->client } 1 .. 12;
$_->send(request(POST => '/ingest', '["' . 'x' x 100_000 . '"]')) for @clients;
my @answers = map { $_->answer } @clients;
my ($full) = grep { $_->{status} == 503 } @answers;
is_503($full, 'no_memory', 'a node holds no more packets than it may');
my $n_full = grep { ($_->{code} // '') eq 'no_memory' } @answers;
my $n_taken = grep { $_->{status} == 202 } @answers;
is($n_full + $n_taken, 12, 'and delivers those it holds');
cmp_ok($n_taken, '>=', 5, 'which are as many as there is room for');
$input->refused(no_memory => $n_full);
$input->accepted($n_taken);

# A client that is gone before its packet's fate is known.
$client = $input->client;
$client->send($ok);
wait_until { $input->metric('weir_lane_flying_batches') > 0 } 10, 'on its way';
$client->reset;
$input->accepted(1);
$input->bystander_is_well('while others wait');
ok(eval { wait_until { $input->metric('weir_held_bytes') == 0 } 10, 'release' }, 'whose packet is delivered and let go all the same');

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
