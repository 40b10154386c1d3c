# Lists of where analyzers may live, and nodes whose lists differ.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::FakeServer;
use Weir::Test;
use Weir::Tokens;

alarm 600;
my $redis = Weir::Redis->new;
my $n = 0;
sub register ($node, $url, %more) {
    return ask(PUT => "$node->{admin}/v1/analyzers/a" . ++$n, { url => $url, weight => 1, ttl_ms => 600000, %more });
}

my $public = node($redis, '--analyzer-allow', '192.0.2.0/24,*.invalid', '--analyzer-allow', '169.254.7.7');
is(register($public, $_, weight => 0)->{status}, 201, "$_ is taken where the list has it")
    for 'http://192.0.2.1/', 'http://a.b.invalid/', 'http://169.254.7.7/';
is(register($public, $_)->{status}, 403, "$_ is not") for 'http://127.0.0.1/', 'http://localhost/', 'http://169.254.7.8/';
my $anywhere = node($redis, '--analyzer-allow', '0.0.0.0/0,::/0,*');
is(register($anywhere, 'http://8.8.8.8/', weight => 0)->{status}, 201, 'a list may have all');
is(register($anywhere, $_)->{status}, 403, "but $_ has to be named") for 'http://169.254.169.254/', 'http://[fd00:ec2::254]/', 'http://0.0.0.0/';
for my $entry (qw(10.0.0.0/33 10.0.0.1/8 10.0.0 10.* a/b [::1]), 'a b') {
    my $run = run('weir-node', '--analyzer-allow', $entry);
    is($run->{status}, 2, "$entry is no entry");
    like($run->{stderr}, qr/^weir-node: --analyzer-allow: "\Q$entry\E": /, 'and is named');
}

# ---- nodes that know of an analyzer from elsewhere connect to none of the others either ----

my $node = node($redis);
my $server = Weir::FakeServer->start(sub { {} });
my $strict = node($redis, '--analyzer-allow', '10.0.0.0/8', '--probe-interval', '100ms');
for my $scheme (qw(http https)) {
    is(register($node, $server->url('/ingest') =~ s/http/$scheme/r, slow_start_ms => 0)->{status}, 201, "$scheme: another node takes it");
}
for my $scheme (qw(http https)) {
    $strict->wait_log(qr/msg="analyzer does not answer its health probe" .*url=$scheme:.*error="analyzer-allow keeps it from 127\.0\.0\.1:\d+: the address is not in the list"/);
    pass("$scheme: a node with a list of its own does not even probe it");
}
done_testing;
