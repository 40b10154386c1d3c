package Weir::Relay;

# A TCP relay in front of a server. Clients it is told to cut off, by their process, are reset as
# soon as they connect: to them the server is out of reach, and to nobody else.
#
#   my $relay = Weir::Relay->new;          # has a port; connections wait
#   $relay->run('127.0.0.1:9001', $pid);   # serves them; $pid cannot get through
#
#   $relay->silence;                       # the connections that it has are dead, and nobody is told; new ones are served
#
# With bytes_per_s => N each connection is as slow as that, in each direction.
use v5.36;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER SO_RCVBUF);
use Time::HiRes qw(time);

sub new ($class, %options) {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 128, Proto => 'tcp') or die "listen: $!";
    setsockopt $listener, SOL_SOCKET, SO_RCVBUF, pack 'i', 1 << 16 if $options{bytes_per_s}; # what is not read is not taken either
    return bless { listener => $listener, owner => $$, %options }, $class;
}

sub addr ($self) { return '127.0.0.1:' . $self->{listener}->sockport }

sub run ($self, $target, @cut_off) {
    $self->{pid} = fork // die "fork: $!";
    return if $self->{pid};
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP ALRM);
    $SIG{PIPE} = 'IGNORE';
    eval { $self->_serve($target, @cut_off); 1 } or print STDERR "# relay: $@";
    POSIX::_exit(1);
}

sub silence ($self) { kill USR1 => $self->{pid} }

sub DESTROY ($self) {
    return if !$self->{pid} || $self->{owner} != $$;
    local $?;
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

sub _serve ($self, $target, @cut_off) {
    my $listener = $self->{listener};
    my $rate = $self->{bytes_per_s};
    my ($parent, $select, %other, %due) = (getppid, IO::Select->new($listener)); # due: a slow one's [socket, when it is read again]
    my @dead; # they stay open
    local $SIG{USR1} = sub {
        $select->remove(values %other);
        push @dead, values %other;
        %other = %due = ();
    };
    while (getppid == $parent) {
        for (grep { $_->[1] <= time } values %due) {
            delete $due{ $_->[0] };
            $select->add($_->[0]) if $other{ $_->[0] };
        }
        for my $socket ($select->can_read(%due ? 0.005 : 1)) {
            if ($socket == $listener) {
                my $client = $listener->accept or next;
                if (_belongs_to($client, @cut_off)) {
                    setsockopt $client, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
                    close $client;
                    next;
                }
                my $server = IO::Socket::INET->new(PeerAddr => $target) or next;
                setsockopt $server, SOL_SOCKET, SO_RCVBUF, pack 'i', 1 << 16 if $rate;
                setsockopt $_, IPPROTO_TCP, TCP_NODELAY, 1 for $client, $server;
                @other{ $client, $server } = ($server, $client);
                $select->add($client, $server);
            } elsif (my $peer = $other{$socket}) {
                my $bytes;
                if (sysread($socket, $bytes, $rate ? 1 << 14 : 1 << 16) && _write_all($peer, $bytes)) {
                    next if !$rate;
                    $select->remove($socket);
                    $due{$socket} = [ $socket, time + length($bytes) / $rate ];
                    next;
                }
                $select->remove($socket, $peer);
                delete @other{ $socket, $peer };
                close $_ for $socket, $peer;
            }
        }
    }
}

sub _write_all ($socket, $bytes) {
    while (length $bytes) {
        my $n = syswrite $socket, $bytes or return 0;
        substr $bytes, 0, $n, '';
    }
    return 1;
}

# Whether the socket at the other end is one of these processes'.
sub _belongs_to ($client, @pids) {
    my $row = sprintf ': 0100007F:%04X 0100007F:%04X ', $client->peerport, $client->sockport;
    open my $table, '<:raw', '/proc/net/tcp' or die "/proc/net/tcp: $!";
    my $text = do { local $/; <$table> };
    my $at = index $text, $row;
    return 0 if $at < 0;
    my $inode = (split ' ', substr $text, $at, 150)[9];
    return scalar grep { (readlink($_) // '') eq "socket:[$inode]" } map { glob "/proc/$_/fd/*" } @pids;
}

1;
