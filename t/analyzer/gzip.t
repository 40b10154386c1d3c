# Deliveries in gzip are unpacked, and what cannot be is refused.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Compress::Gzip qw(gzip);
use Test::More;
use Weir::Test;

alarm 300;
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0', '--max-body', '64KiB' ]);
my $url = 'http://' . $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);

sub packed ($text) { gzip(\$text => \my $bytes) or die 'gzip'; return $bytes }
sub answer ($body, %headers) {
    my $response = http(POST => "$url/ingest", $body, %headers);
    return join ' ', $response->{status}, $response->{json}{code} // "$response->{json}{accepted} accepted";
}
my %gzip = ('Content-Encoding' => 'gzip');
is(answer(packed('{"messages":["a","b"]}'), %gzip), '200 1 accepted', 'a packet');
is(answer(packed('[{"messages":["a"]},{"messages":["b","c"]}]'), %gzip, 'Weir-Packets' => 2), '200 2 accepted', 'a batch');
is(answer('{"messages":["d"]}', 'Content-Encoding' => 'identity'), '200 1 accepted', 'one that is not packed, and says so');
is(http(GET => "$url/stats")->{json}{messages}, 6, 'their messages are counted');
is(answer(substr(packed('{"messages":["a","b"]}'), 0, 20), %gzip), '400 syntax', 'gzip that is cut off');
is(answer(packed('[' . ' ' x 70_000 . '1]'), %gzip), '413 too_large', 'one that is too large when it is unpacked');
is(answer('{"messages":["a"]}', 'Content-Encoding' => 'br'), '415 content_encoding', 'another coding');
is($analyzer->end, 0, 'it ends well');

$analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0', '--max-body', '64KiB', '--accepts', 'request' ]);
$url = 'http://' . $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
is(answer(packed('["a","b"]'), %gzip), '200 1 accepted', 'a request as it came');
is(answer(packed('[' . ' ' x 70_000 . '1]'), %gzip), '413 too_large', '... and one that is too large');
done_testing;
