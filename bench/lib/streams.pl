# Keeps streams of a node's /v1/events open, and reads them, until it is ended: streams.pl ADMIN-URL N
# Says "open N" once each of them has had an overview.
use v5.36;
use IO::Select;
use IO::Socket::INET;

my ($url, $n) = @ARGV;
my $is_open = 0;
my ($addr) = $url =~ m{//([^/]+)} or die "usage: streams.pl ADMIN-URL N\n";
my ($bytes, $overviews, $select, %has_one) = (0, 0, IO::Select->new);
$SIG{TERM} = sub { say STDERR "read $bytes bytes, $overviews overviews"; exit 0 };
for (1 .. $n) {
    my $socket = IO::Socket::INET->new(PeerAddr => $addr, Proto => 'tcp') or die "connect: $@\n";
    print $socket "GET /v1/events HTTP/1.1\r\nHost: $addr\r\nAccept: text/event-stream\r\n\r\n";
    my $line = readline($socket) // '';
    die "refused: $line" if $line !~ / 200 /;
    $select->add($socket);
}
while (my @ready = $select->can_read) {
    for my $socket (@ready) {
        my $got = sysread $socket, my $text, 1 << 20 or die "a stream has ended\n";
        $bytes += $got;
        next if index($text, "event: overview") < 0; # cheap: the reader has the machine of the node
        $overviews++;
        $has_one{$socket} = 1;
    }
    say STDERR "open $n" if !$is_open && keys %has_one == $n && ++$is_open;
}
