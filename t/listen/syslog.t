# Syslog: what analyzers get, what is dropped, how long a message may be, and what becomes of it when the node ends.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Listen;
use Weir::Test;

alarm 120;
my $listen = Weir::Listen->start(['syslog'], '--max-body', '4KiB');

# What the analyzer has of all messages.
sub texts () { return map { $_->{message} } map { $_->{messages}->@* } $listen->packets }

$listen->udp(syslog => '<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 [x@1 a="1"] first', "<13>second\nline\n", 'third', '', "\n");
$listen->got('syslog-udp', 3, 'a datagram is a message, whatever is in it, and an empty one is none');
$listen->tcp(syslog => "<13>unfinished");
$listen->got('syslog-tcp', 1, 'the end of a connection ends a line');
$listen->tcp(syslog => "20 <13>half");
eval { wait_until { $listen->dropped('syslog-tcp', 'incomplete') } 10, 'a drop' };
is($listen->dropped('syslog-tcp', 'incomplete'), 1, 'but not a message whose length was given');

my $long = 'x' x 5000;
$listen->tcp(syslog => "<13>$long\n<13>after a line\n", "5004 <13>$long", "17 <13>after a count");
$listen->got('syslog-tcp', 2, 'what is too long is dropped, and what follows it is not');
is($listen->dropped('syslog-tcp', 'too_long'), 2, 'that is counted');
$listen->udp(syslog => "<13>$long");
eval { wait_until { $listen->dropped('syslog-udp', 'too_long') } 10, 'a drop' };
is($listen->dropped('syslog-udp', 'too_long'), 1, 'so is a datagram that is too long');
my $refusals = http(GET => $listen->node->{admin} . '/v1/refusals')->{json}{refusals};
ok((grep { $_->{path} eq 'syslog-tcp' && $_->{client} eq '127.0.0.1' } @$refusals), 'weirctl refusals names its sender');

my $client = $listen->client('syslog');
$client->send("<13>line $_\n") for 1 .. 5;
$client->send('<13>the last one');
$listen->got('syslog-tcp', 5, 'whole lines go out while the next is awaited');
$listen->is_delivered('all of them are delivered');
ok((grep { $_ eq "second\nline" } texts), 'an analyzer gets them as JSON');
is($listen->node->end, 0, 'a node ends while a message is half there');
ok((grep { $_ eq 'the last one' } texts), 'and delivers what it has of it');
my $log = $listen->node->log;
like($log, qr/msg=left/, 'and leaves');
unlike($log, qr/messages are lost/, 'without a loss');
done_testing;
