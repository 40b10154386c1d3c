package Weir::Tokens;

# Requests with and without tokens, from any address of 127.0.0.0/8.
#
#   my $node = node($redis, all_tokens, '--admin-read', 'token');   # {ingest} and {admin} are URLs
#   from('127.0.0.9');                                              # of this test's requests, from now on
#   my $answer = as('admin', PATCH => "$node->{admin}/v1/analyzers/a1", { weight => 1 });
use v5.36;
use Exporter qw(import);
use HTTP::Tiny;
use JSON::PP;
use Weir::Test qw(wait_until);

our @EXPORT = qw(all_tokens as ask from node %token);
our %token = (ingest => 'ingest-54d1-0e7a6c', register => 'register-9e07-1b22', admin => 'admin-77c2-c3d4e5f6', x => 'wrong-3a1f-8899aabb');

sub all_tokens () { return map { ("--$_-token", $token{$_}) } qw(ingest register admin) }

sub node ($redis, @options) {
    state $n = 0;
    my $name = 'n' . ++$n;
    my $node = Weir::Process->start([ 'weir-node', '--node-id', $name, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--redis', $redis->url,
        '--workers', 1, '--drain-delay', '0ms', @options ], name => $name);
    $node->{ingest} = 'http://' . $node->wait_log(qr/component=node msg=listening .*addr=(\S+)/);
    $node->{admin} = 'http://' . $node->wait_log(qr/component=admin msg=listening .*addr=(\S+)/);
    wait_until { ask(GET => "$node->{admin}/readyz")->{status} == 200 } 10, 'the node to be ready';
    return $node;
}

my $client = HTTP::Tiny->new(timeout => 10);
sub from ($address) { $client = HTTP::Tiny->new(timeout => 10, local_address => $address) }

sub ask ($method, $url, $body = undef, %headers) {
    my %content = defined $body ? (content => encode_json($body)) : ();
    my $answer = $client->request($method, $url, { headers => { 'Content-Type' => 'application/json', %headers }, %content });
    $answer->{json} = eval { decode_json($answer->{content}) };
    return $answer;
}

# "-": nobody; "x": with a wrong token.
sub as ($who, $method, $url, $body = undef) {
    return ask($method, $url, $body, $who eq '-' ? () : (Authorization => "Bearer $token{$who}"));
}

1;
