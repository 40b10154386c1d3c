# GELF: what is dropped is counted by its reason, its sender is told by weirctl, and what follows is taken. Wrong options are
# refused before the node starts.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Compress::Zlib qw(compress memGzip);
use Test::More;
use Weir::Listen;
use Weir::Test;

alarm 120;
my $listen = Weir::Listen->start(['gelf'], '--max-body', '64KiB');
my $good = '{"version":"1.1","host":"h","short_message":"good"}';

sub is_dropped ($listener, $reason, $n, $what) {
    eval { wait_until { $listen->dropped($listener, $reason) >= $n } 10, $what };
    return is($listen->dropped($listener, $reason), $n, $what);
}
sub chunk ($id, $number, $n, $bytes) { return "\x1e\x0f" . sprintf('%-8s', $id) . pack('CC', $number, $n) . $bytes }

$listen->udp(gelf => chunk('lonely', 0, 2, 'x')); # its other half does not come
$listen->udp(gelf => $good, compress($good), memGzip($good), "$good\n");
$listen->got('gelf-udp', 4, 'datagrams may be plain, or compressed by zlib or gzip');
$listen->udp(gelf => "\xef\xbb\xbf$good");
$listen->tcp(gelf => "\xef\xbb\xbf$good\0[$good,$good]\0");
$listen->got($_->[0], $_->[1], "a byte order mark is passed over: $_->[0]") for [ 'gelf-udp', 1 ], [ 'gelf-tcp', 3 ];
$listen->udp(gelf => '{"short_message":', '42', 'hello');
is_dropped('gelf-udp', 'bad_format', 3, 'what is no object is dropped');
$listen->udp(gelf => substr memGzip($good), 0, 20);
is_dropped('gelf-udp', 'bad_encoding', 1, 'so is broken gzip');
$listen->udp(gelf => memGzip(' ' x 30_000_000));
is_dropped('gelf-udp', 'too_long', 1, 'and a bomb');
$listen->udp(gelf => chunk('bad', 3, 3, 'x'), chunk('bad', 0, 0, 'x'), chunk('bad', 0, 129, 'x'), chunk('bad', 0, 1, ''));
is_dropped('gelf-udp', 'bad_chunk', 4, 'chunks that cannot be are dropped');
my $long = '{"short_message":"' . 'x' x 70_000 . '"}';
$listen->udp(gelf => map { chunk('long', $_, 8, substr $long, 10_000 * $_, 10_000) } 0 .. 7);
is_dropped('gelf-udp', 'too_long', 2, 'and those of a message that is too long');
$listen->tcp(gelf => "$good\0hello\0$long\0$good\0\n$good");
$listen->got('gelf-tcp', 3, 'over TCP, what follows a bad message is taken');
is_dropped('gelf-tcp', 'bad_format', 1, 'what is no object is dropped there, too');
is_dropped('gelf-tcp', 'too_long', 1, 'and what is too long');
is_dropped('gelf-udp', 'no_chunk', 2, 'a message whose chunks do not come is given up');
my $refusals = run('weirctl', '--redis', $listen->cluster->redis->url, 'refusals')->{stdout};
like($refusals, qr/CONNECT gelf-udp .*127\.0\.0\.1 .*bad_encoding/, 'weirctl names who sent it');
$listen->is_delivered('the good ones are delivered');
is($listen->node->end, 0, 'the node ends well');

# ---- options ----

for ([ 'no address' => '--gelf-listen', 'nonsense' ], [ 'a format that is not taken' => '--syslog-listen', '127.0.0.1:0', '--formats', 'json,gelf' ], [ 'a short key' => '--forward-key', 'short' ]) {
    my ($what, @options) = @$_;
    my $run = run('weir-node', '--check-config', @options);
    is($run->{status}, 2, "$what is refused by --check-config");
    like($run->{stderr}, qr/\A\S+: $options[0]\b.*\n\z/, '... in one line that names the option');
}
done_testing;
