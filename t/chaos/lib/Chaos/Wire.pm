package Chaos::Wire;

# The relay's own process: carries bytes both ways, and does to each path what its rule says.
#
#   node --client--> [up queue] --server--> analyzer, Redis
#        <----------[down queue]<----------
#
# A request begins with the first bytes that come up after bytes have gone down: nobody here sends the next one before
# the answer. That is all that this file knows of HTTP.
use v5.36;
use Errno qw(EAGAIN EINPROGRESS EINTR);
use IO::Handle;
use List::Util qw(max min);
use Socket qw(AF_INET IPPROTO_TCP SOCK_STREAM SOL_SOCKET SO_LINGER TCP_NODELAY inet_aton pack_sockaddr_in unpack_sockaddr_in);
use Time::HiRes qw(time);
use Chaos::Peer;
use Chaos::Rude;

use constant { READ_BYTES => 1 << 16, QUEUE_MAX_BYTES => 4 << 20, IDLE_SECONDS => 1 };
use constant PASS => { mode => 'pass' };

# Each fd of a connection has an `end` in `ends`: {conn, socket, fd, peer (the other end), up (its bytes go up),
# queue (what is to be written to it: [due, bytes]), n_queued (bytes)}.
sub new ($class, $control, @ways) {
    my $self = bless { control => $control, ways => {}, ends => {}, conns => {}, rules => {}, clients => {}, counts => {},
        readable => '', writable => '', late => {} }, $class;
    for my $way (@ways) {
        $way->{listener}->blocking(0);
        $self->{ways}{ fileno $way->{listener} } = $way;
        vec($self->{readable}, fileno $way->{listener}, 1) = 1;
    }
    $control->blocking(0);
    $control->autoflush(1);
    vec($self->{readable}, fileno $control, 1) = 1;
    return $self;
}

sub run ($self) {
    my $control_fd = fileno $self->{control};
    while (1) {
        my ($r, $w) = @$self{qw(readable writable)};
        next if select($r, $w, undef, $self->_seconds_to_wait) < 0;
        if (vec $r, $control_fd, 1) { $self->_on_control or return } # first: it was said before what follows it happened
        for my $fd (_bits($w)) { $self->_flush($self->{ends}{$fd}) if $self->{ends}{$fd} }
        for my $fd (_bits($r)) {
            if (my $end = $self->{ends}{$fd}) { $self->_on_readable($end) }
            elsif (my $way = $self->{ways}{$fd}) { $self->_on_accept($way) }
        }
        $self->_on_time;
    }
}

sub _bits ($set) {
    my ($bits, $at, @fds) = (unpack('b*', $set), -1);
    push @fds, $at while ($at = index $bits, '1', $at + 1) >= 0;
    return @fds;
}

# ---- connections ----

sub _on_accept ($self, $way) {
    my $address = accept(my $socket, $way->{listener}) or return;
    my ($port) = unpack_sockaddr_in($address);
    my ($port_here) = unpack_sockaddr_in(getsockname $way->{listener});
    my $node = $way->{client} // Chaos::Peer::find($port, $port_here, $self->{clients}) // 'nobody';
    my $conn = { path => "$node>$way->{server}", to => $way->{to}, is_http => $way->{server} ne 'redis' };
    $conn->{client} = $self->_add_end($conn, $socket, up => 1);
    $self->{conns}{ $conn->{path} }{ fileno $socket } = $conn;
    my $mode = $self->_rule($conn)->{mode};
    return $self->_reset($conn) if $mode eq 'reset';
    $self->_connect($conn) if $mode ne 'hold';
}

sub _add_end ($self, $conn, $socket, %more) {
    $socket->blocking(0);
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    my $end = { conn => $conn, socket => $socket, fd => fileno $socket, queue => [], n_queued => 0, %more };
    return $self->{ends}{ $end->{fd} } = $end;
}

sub _connect ($self, $conn) {
    socket my $socket, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
    my $server = $conn->{server} = $self->_add_end($conn, $socket, up => 0);
    $server->{peer} = $conn->{client};
    $conn->{client}{peer} = $server;
    my $is_on = connect $socket, pack_sockaddr_in($conn->{to}, inet_aton('127.0.0.1'));
    return $self->_reset($conn) if !$is_on && $! != EINPROGRESS;
    vec($self->{readable}, $_->{fd}, 1) = 1 for $conn->{client}, $server;
}

# Both sides see a reset: what was under way is gone.
sub _reset ($self, $conn) {
    for my $end (grep { defined } @$conn{qw(client server)}) { setsockopt $end->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 }
    $self->_close($conn);
}

sub _close ($self, $conn) {
    delete $self->{conns}{ $conn->{path} }{ $conn->{client}{fd} };
    for my $end (grep { defined } delete @$conn{qw(client server)}) {
        vec($self->{$_}, $end->{fd}, 1) = 0 for qw(readable writable);
        delete $self->{ends}{ $end->{fd} };
        delete $self->{late}{ $end->{fd} };
        close $end->{socket};
        delete $end->{peer};
    }
}

# ---- bytes ----

sub _on_readable ($self, $end) {
    my $n = sysread $end->{socket}, my $bytes, READ_BYTES;
    return if !defined $n && ($! == EAGAIN || $! == EINTR);
    return $self->_on_end($end) if !$n;
    my $conn = $end->{conn};
    return $self->_send($end->{peer}, $bytes) if !$conn->{is_http};
    return $end->{up} ? $self->_on_request($conn, $bytes) : $self->_on_answer($conn, $bytes);
}

# One side has closed: so does the other, once it has all that was said.
sub _on_end ($self, $end) {
    return $self->_close($end->{conn}) if !$end->{peer}{n_queued};
    vec($self->{readable}, $end->{fd}, 1) = 0;
    $end->{peer}{ends_after_queue} = 1;
}

sub _on_request ($self, $conn, $bytes) {
    if ($self->{is_poisonous} && index($bytes, 'POISON') >= 0) {
        $self->{counts}{poison}++;
        return $self->_reset($conn);
    }
    if (!$conn->{rude} && !$conn->{in_flight}) {
        my $rule = $self->_rule($conn);
        my $is_hit = ($rule->{argument} // '') ne 'fine' || $bytes !~ /^GET /;
        $conn->{rude} = Chaos::Rude->new($rule->{mode}) if $is_hit && Chaos::Rude::is_mode($rule->{mode});
        $conn->{is_half} = $is_hit && $rule->{mode} eq 'half';
        $self->{counts}{ $rule->{mode} }++ if $conn->{rude} || $conn->{is_half};
    }
    if (!$conn->{rude}) {
        $conn->{in_flight} = 1;
        return $self->_send($conn->{server}, $bytes);
    }
    my $answer = $conn->{rude}->feed($bytes) or return;
    my ($text, $is_last) = @$answer;
    return if !defined $text; # silent: whatever comes is swallowed
    delete $conn->{rude};
    $self->_send($conn->{client}, $text);
    $self->_on_end($conn->{server}) if $is_last && $conn->{server};
}

sub _on_answer ($self, $conn, $bytes) {
    $conn->{in_flight} = 0;
    return $self->_send($conn->{client}, $bytes) if !$conn->{is_half};
    $self->_send($conn->{client}, Chaos::Rude::part_of($bytes));
    $self->_on_end($conn->{server}) if $conn->{server};
}

sub _send ($self, $end, $bytes) {
    my $rule = $self->_rule($end->{conn});
    my $delay = $rule->{mode} eq 'delay' ? $rule->{argument} / 1000 : 0;
    if (!$delay && !@{ $end->{queue} } && $rule->{mode} ne 'slow') {
        my $n = syswrite $end->{socket}, $bytes;
        return if defined $n && $n == length $bytes;
        substr $bytes, 0, $n // 0, '';
    }
    $delay = $self->_carry_seconds($end, length $bytes, $rule->{argument}) if $rule->{mode} eq 'slow';
    my $due = @{ $end->{queue} } ? max(time + $delay, $end->{queue}[-1][0]) : time + $delay;
    push @{ $end->{queue} }, [ $due, $bytes ];
    $end->{n_queued} += length $bytes;
    vec($self->{readable}, $end->{peer}{fd}, 1) = 0 if $end->{n_queued} > QUEUE_MAX_BYTES;
    $self->_wait_to_write($end);
}

# How long until these bytes are over, on a path that carries that number of bytes in a second.
sub _carry_seconds ($self, $end, $n_bytes, $bytes_per_s) {
    $end->{busy_until} = max(time, $end->{busy_until} // 0) + $n_bytes / $bytes_per_s;
    return $end->{busy_until} - time;
}

# For its time, or for room in the socket.
sub _wait_to_write ($self, $end) {
    my $first = $end->{queue}[0];
    my $is_late = $first && $first->[0] > time;
    vec($self->{writable}, $end->{fd}, 1) = $first && !$is_late ? 1 : 0;
    $is_late ? $self->{late}{ $end->{fd} } = $first->[0] : delete $self->{late}{ $end->{fd} };
}

sub _flush ($self, $end) {
    my ($conn, $queue) = @$end{qw(conn queue)};
    while (@$queue && $queue->[0][0] <= time) {
        my $n = syswrite $end->{socket}, $queue->[0][1];
        last if !defined $n && ($! == EAGAIN || $! == EINTR);
        return $self->_reset($conn) if !defined $n;
        $end->{n_queued} -= $n;
        substr $queue->[0][1], 0, $n, '';
        length $queue->[0][1] ? last : shift @$queue;
    }
    return $self->_close($conn) if !@$queue && $end->{ends_after_queue};
    vec($self->{readable}, $end->{peer}{fd}, 1) = 1 if $end->{n_queued} < QUEUE_MAX_BYTES && !$end->{ends_after_queue};
    $self->_wait_to_write($end);
}

# ---- rules ----

sub _rule ($self, $conn) { return $self->{rules}{ $conn->{path} } // PASS }

sub _on_control ($self) {
    my $n = sysread $self->{control}, $self->{lines}, READ_BYTES, length($self->{lines} // '');
    return 1 if !defined $n;
    while ($self->{lines} =~ s/^(.*)\n//) {
        my ($verb, @words) = split ' ', $1;
        if ($verb eq 'rule') { $self->_set_rule(@words) }
        elsif ($verb eq 'client') { $self->_set_client(@words) }
        elsif ($verb eq 'poison') { $self->{is_poisonous} = $words[0] eq 'on' }
        elsif ($verb eq 'counts') { $self->_tell_counts }
    }
    return $n;
}

sub _tell_counts ($self) {
    my $counts = $self->{counts};
    syswrite $self->{control}, join(' ', map { "$_=$counts->{$_}" } sort keys %$counts) . "\n";
}

# Who connected before it was known is to come again: its paths may have rules.
sub _set_client ($self, $node, $pid) {
    $self->{clients}{$node} = $pid;
    for my $path (grep { /^nobody>/ } keys %{ $self->{conns} }) { $self->_reset($_) for values %{ $self->{conns}{$path} } }
}

sub _set_rule ($self, $path, $mode, $argument = undef) {
    $self->{rules}{$path} = { mode => $mode, argument => $argument, next_cut => $mode eq 'cut' ? time : undef };
    for my $conn (values %{ $self->{conns}{$path} }) {
        if ($mode eq 'reset') { $self->_reset($conn) }
        elsif ($mode eq 'hold') { $self->_hold($conn) }
        elsif (!$conn->{server}) { $self->_connect($conn) }
        else { $self->_release($conn) }
    }
}

# Nobody is told: bytes wait where they are.
sub _hold ($self, $conn) {
    for my $end (grep { defined } @$conn{qw(client server)}) {
        vec($self->{$_}, $end->{fd}, 1) = 0 for qw(readable writable);
        delete $self->{late}{ $end->{fd} };
    }
}

sub _release ($self, $conn) {
    for my $end (@$conn{qw(client server)}) {
        vec($self->{readable}, $end->{fd}, 1) = 1 if !$end->{peer}{ends_after_queue};
        $self->_wait_to_write($end);
    }
}

# ---- time ----

sub _seconds_to_wait ($self) {
    my @due = (values %{ $self->{late} }, grep { defined } map { $_->{next_cut} } values %{ $self->{rules} });
    return @due ? max(0, min(IDLE_SECONDS, min(@due) - time)) : IDLE_SECONDS;
}

sub _on_time ($self) {
    my $now = time;
    for my $fd (grep { $self->{late}{$_} <= $now } keys %{ $self->{late} }) {
        $self->_flush($self->{ends}{$fd}) if $self->{ends}{$fd};
    }
    for my $path (grep { defined $self->{rules}{$_}{next_cut} } keys %{ $self->{rules} }) {
        my $rule = $self->{rules}{$path};
        next if $rule->{next_cut} > $now;
        $rule->{next_cut} = $now + $rule->{argument} / 1000;
        $self->{counts}{cut} += keys %{ $self->{conns}{$path} };
        $self->_reset($_) for values %{ $self->{conns}{$path} };
    }
}

1;
