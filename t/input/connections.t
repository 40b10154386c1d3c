# Thousands of connections that do nothing, and the limit on their number.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Input;
use Weir::Raw;
use Weir::Test;

use constant N_IDLE => 2000;

alarm 450;
my $input = Weir::Input->start('--idle-timeout', '20s', '--header-timeout', '20s', '--max-connections', N_IDLE + 10,
    '--max-connections-per-address', N_IDLE + 10);
$input->bystander_is_well('before');

my @idle = map { $input->client } 1 .. N_IDLE;
is(scalar(grep { defined } @idle), N_IDLE, N_IDLE . ' connections that do nothing');
$_->send("POST /ingest HT") for @idle[ 0 .. N_IDLE / 2 - 1 ];
wait_until { $input->metric('weir_connections') == N_IDLE + 1 } 10, 'all are open';
$input->bystander_is_well("besides, $_") for 1 .. 50;

my @more = map { $input->client } 1 .. 20;
$_->send(request(POST => '/ingest', '{}')) for @more;
my @answers = map { $_->answer } @more;
is_deeply([ map { $_->{status} } @answers ], [ (202) x 9, (503) x 11 ], 'beyond the limit the answer is 503');
is($answers[-1]{code}, 'too_many_connections', 'too_many_connections');
like($answers[-1]{headers}{'retry-after'}, qr/^[1-3]$/, 'with Retry-After');
is($answers[-1]{headers}{connection}, 'close', 'and the end');
$input->accepted(9);
$input->refused(too_many_connections => 11);
$input->bystander_is_well('at the limit');

$_->close for @more;
wait_until { $input->metric('weir_connections') == N_IDLE + 1 } 10, 'they have gone';
my $next = $input->client;
$next->send(request(POST => '/ingest', '{}'));
is($next->answer->{status}, 202, 'whoever comes when others have gone is served');
$input->accepted(1);

my %endings;
$endings{ $_->answer(seconds => 100)->{code} . ' ' . $_->ending }++ for @idle[ 0 .. N_IDLE / 2 - 1 ];
is_deeply(\%endings, { 'head_timeout eof' => N_IDLE / 2 }, 'those with half a header section are timed out');
$input->refused(head_timeout => N_IDLE / 2);
%endings = ();
$endings{ $_->ending(100) }++ for @idle[ N_IDLE / 2 .. N_IDLE - 1 ];
is_deeply(\%endings, { eof => N_IDLE / 2 }, 'the others are closed');
$input->bystander_is_well('in the end');
$input->settles;

# One address cannot take them all.
my $bounded = Weir::Input->start('--max-connections', 40);
my @many = map { $bounded->client } 1 .. 25;
$_->send(request(GET => '/livez')) for @many;
my @heard = map { $_->answer // {} } @many;
is(scalar(grep { $_->{status} == 200 } @heard), 19, 'one address gets half of all connections, with that of the bystander');
is(scalar(grep { ($_->{code} // '') eq 'too_many_from_address' } @heard), 6, 'and is told why it gets no more');
my $other = Weir::Raw->connect($bounded->node->{ingest}, from => '127.0.0.2');
$other->send(request(GET => '/livez'));
is($other->answer->{status}, 200, 'another address is served');
$_->close for @many, $other;
$bounded->refused(too_many_from_address => 6);
$bounded->settles;
done_testing;
