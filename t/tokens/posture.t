# What a node lets strangers do when nobody has set anything: without an admin token the admin port is on loopback, and a
# page that gave a name of its own our address is not served.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Raw;
use Weir::Test;
use Weir::Tokens;

alarm 450;
my $redis = Weir::Redis->new;
my $plain = node($redis, '--admin-listen', ':0', '--admin-hosts', 'weir.example.com,*.intern.example.com');
like($plain->{admin}, qr{^http://127\.0\.0\.1:}, 'without an admin token the admin port listens on loopback');
like($plain->log, qr/level=warn .*listens on loopback alone" .*remedy="set admin-token, or insecure"/, 'and says what to do');
like(node($redis, '--admin-listen', '0.0.0.0:0', '--admin-token', $token{admin})->{admin}, qr{//0\.0\.0\.0:}, 'with one where it is told');
my $insecure = node($redis, '--admin-listen', '0.0.0.0:0', '--insecure');
like($insecure->{admin}, qr{//0\.0\.0\.0:}, 'and with --insecure');
like($insecure->log, qr/whoever reaches the admin port may change things/, 'with a warning');

my $body = '{"url":"http://127.0.0.1:9/ingest","weight":0,"instance":"i"}';
sub status ($node, $method, $path, $host) {
    my $client = Weir::Raw->connect($node->{admin} =~ s{^http://}{}r);
    my $sent = request($method, $path, $method eq 'PUT' ? $body : undef, "Origin: http://$host");
    $client->send($sent =~ s/Host: localhost/Host: $host/r);
    my $answer = $client->answer;
    return $answer->{status} . ($answer->{code} ? " $answer->{code}" : '');
}
my $port = ($plain->{admin} =~ /:(\d+)$/)[0];
for my $host ("127.0.0.1:$port", '127.0.0.1', '[::1]', '192.168.1.7', 'localhost', "LOCALHOST:$port", "weir.example.com:$port", 'a.intern.example.com') {
    is(status($plain, GET => '/v1/cluster', $host), 200, "$host may look");
    like(status($plain, PUT => '/v1/analyzers/a1', $host), qr/^20[01]$/, 'and change things');
}
for my $host ("evil.example.net:$port", 'example.com', 'intern.example.com', 'localhost.evil.net', '127.0.0.1.evil.net', 'xweir.example.com') {
    is(status($plain, GET => '/v1/cluster', $host), '421 unknown_host', "$host may not look");
    is(status($plain, PUT => '/v1/analyzers/a1', $host), '421 unknown_host', 'nor change anything');
    is(status($plain, GET => '/livez', $host), 200, 'but ask for health');
}
is(status($insecure, GET => '/v1/cluster', 'evil.example.net'), '421 unknown_host', '--insecure does not let a name in');
my $guarded = node($redis, '--admin-token', $token{admin});
is(status($guarded, GET => '/v1/cluster', 'any.example.net'), 200, 'with an admin token any name may look');
is(status($guarded, PUT => '/v1/analyzers/a1', 'any.example.net'), '421 unknown_host', 'but not register, as long as that takes no token');

for my $option (qw(ingest register admin)) {
    my $run = run('weir-node', "--$option-token", 'x' x 15);
    is($run->{status}, 2, "--$option-token of 15 characters is refused");
    like($run->{stderr}, qr/^weir-node: --$option-token: .*at least 16 characters/, 'and why');
}
done_testing;
