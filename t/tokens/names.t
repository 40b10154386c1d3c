# Agents with tokens of their own: each is told by its name, in metrics, log and refusals. SIGHUP reads them again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 600;
my $redis = Weir::Redis->new;
my %of = (shop => 'shop-54d1-0e7a6c-31', web => 'web=9e07-1b22-aa-20', old => 'old-77c2-c3d4e5f6-11');
my $path = folder . '/tokens';
sub write_tokens (@lines) {
    open my $file, '>', $path or die "$path: $!";
    print $file map { "$_\n" } @lines;
    close $file or die "$path: $!";
}

write_tokens('# who sends', "shop $of{shop}", "web=$of{web}", '', "old = $of{old}");
my $node = node($redis, '--ingest-tokens-file', $path, '--ingest-token', $token{ingest});
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0', '--register', $node->{admin} ], name => 'a1');
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1 /);

sub given ($authorization, $body = { messages => [1] }, $path = '/ingest') {
    return ask(POST => "$node->{ingest}$path", $body, $authorization ? (Authorization => $authorization) : ())->{status};
}
sub requests ($name) { return metrics($node)->{qq(weir_ingest_token_requests_total{name="$name"})} }

is(given("Bearer $of{shop}"), 202, 'a token of the file opens the port as Bearer');
is(given("Splunk $of{shop}", { event => 'x' }, '/services/collector'), 200, 'as Splunk');
is(given("ApiKey $of{web}"), 202, 'as ApiKey');
is(given('ApiKey ' . encode_base64("id:$of{web}", '')), 202, 'as a pair of an ApiKey');
is(given('Basic ' . encode_base64("anybody:$of{old}", '')), 202, 'and as a password');
is(given("Bearer $token{ingest}"), 202, 'beside that of ingest-token');
is(given("Bearer shop"), 401, 'a name is no token');
is(given(undef), 401, 'and without one nothing is taken');
is_deeply([ map { requests($_) } qw(shop web old ingest-token) ], [ 2, 2, 1, 1 ], 'requests are counted by the name of their token');

is(given("Bearer $of{web}", [], '/ingest'), 400, 'a bad packet is refused');
ok($node->wait_log(qr/msg="request refused" .*client=\S+ status=400 reason=no_messages format=json (token=web)/), 'the log has the name');
my ($refused) = grep { $_->{code} eq 'no_messages' } ask(GET => "$node->{admin}/v1/refusals")->{json}{refusals}->@*;
is($refused->{token}, 'web', 'the refusals have it');
like($refused->{text}, qr{^POST /ingest from 127\.0\.0\.1 with token web: 400 no_messages$}, 'in words, too');
my @events;
wait_until { @events = grep { $_->{kind} eq 'refusing' && $_->{now} eq '400 no_messages' } ask(GET => "$node->{admin}/v1/events")->{json}{events}->@* } 20, 'the event';
is("$events[0]{cause}: $events[0]{text}", 'token web: n1 refuses agents: 400 no_messages, mostly with token web', 'so has the event');
is(metrics($node)->{'weir_format_refusals_total{format="json",reason="no_messages"}'}, 1, 'a refusal is counted by its format');
is(metrics($node)->{'weir_format_refusals_total{format="json",reason="unauthorized"}'}, 2, 'also where the body was not read');
is(metrics($node)->{'weir_format_refusals_total{format="hec",reason="unauthorized"}'}, undef, 'what never happened has no line');

# ---- other tokens ----

write_tokens("shop $of{shop}", "shop $of{web}", 'new a-token-that-is-new');
kill HUP => $node->pid;
wait_until { given('Bearer a-token-that-is-new') == 202 } 10, 'the new token to be taken';
is(given("Bearer $of{old}"), 401, 'a name that was removed is refused');
is(given("Bearer $of{$_}"), 202, "the token $of{$_} opens") for qw(shop web);
is_deeply([ map { requests($_) } qw(shop web old) ], [ 4, 3, 1 ], 'both of one name count for it, and no counter begins anew');

write_tokens('shop short');
kill HUP => $node->pid;
ok($node->wait_log(qr/(the configuration has a mistake and stays as it was)/), 'a file with a mistake is not taken');
like($node->log, qr/--ingest-tokens: the value has a mistake in line 1: the token must have at least 16 characters/, 'which is told by its line');
is(given("Bearer $of{shop}"), 202, 'and the tokens before it open');
unlike($node->log, qr/54d1-0e7a6c|9e07-1b22|77c2-c3d4e5f6|that-is-new/, 'no token is in the log');

# ---- before they send ----

is(ask(HEAD => "$node->{ingest}$_")->{status}, 200, "HEAD $_ says that packets are taken") for qw(/ingest /v1/logs /services/collector/event /shop/_bulk /loki/api/v1/push /gelf);
is(ask(GET => "$node->{ingest}/ready")->{status}, 200, 'and so does GET /ready, which Loki\'s agents ask');
my $ack = ask(POST => "$node->{ingest}/services/collector/ack?channel=x", { acks => [0] }, Authorization => "Splunk $of{shop}");
is("$ack->{status} $ack->{content}", '400 {"text":"ACK is disabled","code":14}', 'Splunk\'s acknowledgements are off');
$ack = ask(POST => "$node->{ingest}/services/collector/ack", { acks => [0] });
is("$ack->{status} $ack->{json}{code}", '401 2', 'which is not told to strangers');
is($_->end, 0, $_->{name} . ' ends well') for $analyzer, $node;
done_testing;
