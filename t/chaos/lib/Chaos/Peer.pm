package Chaos::Peer;

# Which of some processes of this machine a TCP connection on loopback belongs to: the kernel is asked for the socket
# at its other end (sock_diag, see sock_diag(7)), and the socket is looked for among theirs.
use v5.36;
use Socket qw(AF_INET IPPROTO_TCP SOCK_RAW inet_aton);

use constant {
    AF_NETLINK => 16, NETLINK_SOCK_DIAG => 4, SOCK_DIAG_BY_FAMILY => 20, NLM_F_REQUEST => 1,
    NO_COOKIE => 0xffffffff, ALL_STATES => 0xffffffff,
    INODE_AT => 16 + 4 + 48 + 16,    # nlmsghdr, then idiag_inode of struct inet_diag_msg
};

# Processes: {name => pid}. undef: none of them.
sub find ($port, $port_here, $pids) {
    my $inode = _inode($port, $port_here) or return undef;
    for my $name (sort keys %$pids) {
        return $name if grep { (readlink // '') eq "socket:[$inode]" } glob "/proc/$pids->{$name}/fd/*";
    }
    return undef;
}

# Of the socket with this port that is connected to that one; 0: there is none (any more).
sub _inode ($from, $to) {
    state $netlink = do {
        socket my $socket, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG or die "the kernel does not tell whose a socket is: $!\n";
        $socket;
    };
    my $loopback = inet_aton('127.0.0.1');
    my $request = pack 'C4 L n n a16 a16 L L L', AF_INET, IPPROTO_TCP, 0, 0, ALL_STATES, $from, $to, $loopback, $loopback, 0,
        (NO_COOKIE) x 2;
    send $netlink, pack('L S S L L', 16 + length $request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) . $request, 0;
    defined recv $netlink, my $answer, 8192, 0 or die "sock_diag: $!\n";
    my (undef, $type) = unpack 'L S', $answer;
    return $type == SOCK_DIAG_BY_FAMILY ? unpack 'L', substr $answer, INODE_AT, 4 : 0;
}

1;
