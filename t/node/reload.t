# SIGHUP reads secrets, log-level and analyzer-allow again; SIGUSR1 and SIGUSR2 harm nobody; a new password of Redis is found in its file.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 450;
sub write_file ($name, $text) {
    my $path = folder . "/$name";
    open my $file, '>', "$path.new" or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
    rename "$path.new", $path or die "$path: $!";
    return $path;
}

my $redis = Weir::Redis->new;
my ($host) = $redis->url =~ m{^redis://(.*)$};
$redis->command(qw(CONFIG SET requirepass), 'old-password');
my $url = write_file('redis', "redis://:old-password\@$host\n");
my $admin = write_file('admin', "the-first-admin-token\n");
my $ingest = write_file('ingest', "the-first-ingest-token\n");
my $conf = write_file('conf', "log-level = info\nworkers = 1\n");
my $node = Weir::Process->start([ qw(weir-node --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --drain-delay 0ms --redis-timeout 1s), '--config', $conf,
    '--redis-file', $url, '--admin-token-file', $admin, '--ingest-token-file', $ingest ]);
$node->{ingest} = $node->wait_log(qr/component=node msg=listening .*addr=(\S+)/);
$node->{admin} = 'http://' . $node->wait_log(qr/component=admin msg=listening .*addr=(\S+)/);
my $analyzer = Weir::Process->start([ qw(weir-analyzer --id a1 --listen 127.0.0.1:0 --register), $node->{admin} ]);
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1/);

my $change = sub ($token) { http(PATCH => "$node->{admin}/v1/analyzers/a1", { weight => 2 }, Authorization => "Bearer $token")->{status} };
my $send = sub ($token) { http(POST => "http://$node->{ingest}/ingest", { messages => [1] }, Authorization => "Bearer $token")->{status} };
is($change->('the-first-admin-token'), 200, 'the token of the file opens the admin port');
is($send->('the-first-ingest-token'), 202, 'and another one ingest');

# ---- what changed ----

kill $_ => $node->pid, $analyzer->pid for qw(USR1 USR2);
write_file('admin', "the-second-admin-token\n");
write_file('ingest', "the-second-ingest-token\n");
write_file('conf', "log-level = debug\nworkers = 2\nanalyzer-allow = 192.0.2.0/24\n");
kill HUP => $node->pid, $analyzer->pid;
like($node->wait_log(qr/msg="option reloaded" (.*option=log-level.*)/), qr/from=info to=debug/, 'a reload says what changed');
like($node->wait_log(qr/msg="option reloaded" (.*option=admin-token.*)/), qr/from=\(secret\) to=\(secret\)/, 'of a secret no more than that');
ok($node->wait_log(qr/(needs a restart".* option=workers from=1 to=2)/), 'and what needs a restart');
is($change->('the-second-admin-token'), 200, 'the new token opens the admin port');
is($change->('the-first-admin-token'), 401, 'the old one does not any more');
is($send->('the-first-ingest-token'), 401, 'nor the old one of agents');
$redis->command(PUBLISH => 'weir:{default}:events', 'something');
$node->wait_log(qr/level=(debug)/);
pass('the new log level holds');
my $put = http(PUT => "$node->{admin}/v1/analyzers/a2", { url => 'http://127.0.0.1:9/ingest', weight => 1 });
isnt($put->{status}, 201, 'an analyzer outside of the new analyzer-allow is refused') or diag $put->{content};
unlike($node->log, qr/first-|second-|old-password/, 'no secret is in the log');
ok(!$node->has_ended && !$analyzer->has_ended, 'no signal of these ends a program');

# ---- a mistake ----

write_file('conf', "log-level = loud\n");
kill HUP => $node->pid;
ok($node->wait_log(qr/(the configuration has a mistake and stays as it was)/), 'a file with a mistake changes nothing');
write_file('conf', "log-level = info\nworkers = 1\n");
kill HUP => $node->pid;
ok($node->wait_log(qr/(option=log-level from=debug to=info)/), 'and the next one counts again');
wait_until { $send->('the-second-ingest-token') == 202 } 10, 'packets to be taken';

# ---- Redis ----

$redis->command(qw(CONFIG SET requirepass new-password));
write_file('redis', "redis://:new-password\@$host\n");
$redis->command(qw(CLIENT KILL TYPE normal SKIPME yes));
$redis->command(qw(CLIENT KILL TYPE pubsub));
$node->wait_log(qr/(msg=connected .*\n(?s:.*)msg=connected .*\n(?s:.*)msg="not connected"(?s:.*)msg=connected)/, 20);
wait_until { $send->('the-second-ingest-token') == 202 && http(GET => "$node->{admin}/readyz")->{status} == 200 } 20, 'packets to be taken again';
pass('a new password of Redis is taken from its file at the next greeting');
unlike($node->log, qr/WRONGPASS|NOAUTH/, 'and the old one is not tried again');
is($analyzer->end, 0, 'the analyzer ends well');
is($node->end, 0, 'and so does the node');
done_testing;
