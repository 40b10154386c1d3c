# Who takes too long gets an answer, if it waits for one, and is closed.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Time::HiRes qw(time);
use Weir::Input;
use Weir::Raw;
use Weir::Test;

alarm 450;
my $input = Weir::Input->start('--header-timeout', '1500ms', '--body-timeout', '2s', '--idle-timeout', '2500ms',
    '--write-timeout', '2s', '--max-connection-age', '6s');
my $ok = request(POST => '/ingest', '{"messages":[1]}');

# All at once, and each is told apart by what it has sent.
my %clients = map { $_ => $input->client } qw(head slow_head body slow_body chunk refused idle used silent);
my $begin = time;
$clients{head}->send("POST /ingest HTTP/1.1\r\nHost:");
$clients{body}->send(request(POST => '/ingest', '{"a"', 'Content-Length: 100'));
$clients{chunk}->send(request(POST => '/ingest', "5\r\n{\"a", 'Transfer-Encoding: chunked'));
$clients{refused}->send(request(POST => '/nowhere', '{', 'Content-Length: 100'));
$clients{used}->send($ok);
is($clients{used}->answer->{status}, 202, 'a connection is used');
$input->accepted(1);

# A byte now and then does not help.
my @drip = (split(//, $ok), ('x') x 1000);
$clients{slow_body}->send(request(POST => '/ingest', '', 'Content-Length: 100'));
while (time < $begin + 3) {
    my $byte = shift @drip;
    $_->send($byte) for @clients{qw(slow_head slow_body)};
    select undef, undef, undef, 0.05;
}
my %expected = (head => 'head_timeout', slow_head => 'head_timeout', body => 'body_timeout', slow_body => 'body_timeout',
    chunk => 'body_timeout', refused => 'not_found');
for my $name (sort keys %expected) {
    my $answer = $clients{$name}->answer;
    is($answer->{code}, $expected{$name}, "$name: $expected{$name}");
    is($answer->{status}, 408, 'is 408') if $expected{$name} =~ /timeout/;
    is($answer->{headers}{connection}, 'close', 'and the end');
    like($clients{$name}->ending, qr/eof|reset/, 'of the connection');
    $input->refused($expected{$name});
}
is($clients{$_}->ending, 'eof', "$_ for too long, it is closed without a word") for qw(idle used silent);
$_->close for values %clients;
for my $reason ([ head_timeout => 2 ], [ body_timeout => 4 ], [ idle => 3 ]) {
    my $counter = qq(weir_connections_closed_total{reason="$reason->[0]"});
    ok(eval { wait_until { $input->metric($counter) >= $reason->[1] } 20, $counter }, "$reason->[1] were closed by $reason->[0]");
}
$input->bystander_is_well('besides');

# Answers that nobody reads: the node stops reading, and then gives up. The kernel takes up to some MB for both sides.
my $deaf = $input->client(rcvbuf => 4096);
my $is_taken = 1;
for (1 .. 2000) { # 90 MB
    $is_taken = $deaf->send(request(GET => '/livez') x 1000, 0.3);
    last if !$is_taken;
}
ok(!$is_taken, 'who does not read its answers is not read any more');
my $is_cut = wait_until { $input->metric('weir_connections_closed_total{reason="write_timeout"}') } 10, 'write_timeout';
is($is_cut, 1, 'and is cut off');
$input->bystander_is_well('besides');

# The age of a connection, +-10 %.
my ($since, $answer) = (time);
my $client = $input->client;
until ($answer && $answer->{headers}{connection}) {
    $client->send($ok);
    $answer = $client->answer // last;
    $input->accepted(1);
    select undef, undef, undef, 0.05;
}
is($answer && $answer->{status}, 202, 'a connection that is old gets its answer');
is($client->ending, 'eof', 'and is closed behind it');
cmp_ok(time - $since, '>', 5.3, 'when its time has come, and not before');

$input->bystander_is_well('in the end');
$input->settles;
done_testing;
