package Weir::FakeServer;
# An HTTP server that answers as a script says, on a port that the system chooses, and keeps every body it was sent.
#
#   my $server = Weir::FakeServer->start(sub ($n, $body, $path) { ... });
#
# The script runs in the server's process, for request number $n (from 1); $Weir::FakeServer::head is what came before
# the body. It returns
#   { status => 503, headers => [ 'Retry-After: 1' ], body => '{}', close => 1 }   all optional; status 202
#   { raw => $bytes, close => 1 }    any bytes instead
#   { delay => 0.5, ... }            answered only after that many seconds; other connections go on
#   { hang => 1 }                    never answered
#   { raw => $bytes, trickle => 'abx' } then one byte of that each second, the last of them for ever
#   { drop => 1 }                    the connection is closed without an answer
use v5.28;
use warnings;
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

sub start {
    my ($class, $script) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 128, Proto => 'tcp') or die "listen: $!";
    my $bodies = File::Temp->new(TEMPLATE => 'weir-fake-XXXXXX', TMPDIR => 1);
    my $self = bless { port => $listener->sockport, bodies => $bodies, owner => $$ }, $class;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM);
        $SIG{PIPE} = 'IGNORE';
        eval { _serve($listener, $bodies, $script); 1 } or print STDERR "# fake server: $@";
        require POSIX;
        POSIX::_exit(1);
    }
    $self->{pid} = $pid;
    return $self;
}

sub url { my ($self, $path) = @_; return "http://127.0.0.1:$self->{port}" . ($path // '') }

# Every body so far, in the order of arrival.
sub bodies {
    my ($self) = @_;
    open my $in, '<', $self->{bodies}->filename or die "bodies: $!";
    chomp(my @bodies = <$in>);
    return @bodies;
}

sub stop {
    my ($self) = @_;
    return if !$self->{pid} || $self->{owner} != $$;
    kill KILL => $self->{pid};
    local $?;
    waitpid delete $self->{pid}, 0;
}
sub DESTROY { $_[0]->stop }

sub _serve {
    my ($listener, $bodies, $script) = @_;
    my ($select, $n, $parent, %in, @later) = (IO::Select->new($listener), 0, getppid);
    my $close = sub { my ($c) = @_; $select->remove($c); delete $in{$c}; close $c };
    my $answer = sub {
        my ($c, $a) = @_;
        return if !defined fileno $c;
        my $bytes = $a->{raw} // _format($a);
        $c->send($bytes) if !$a->{drop};
        $close->($c) if $a->{close} || $a->{drop};
    };
    my $trickle = sub {
        my ($c, $a) = @_;
        my ($next, $rest) = ($a->{trickle} // '') =~ /^(.)(.*)/s or return;
        push @later, [ time + 1, $c, { raw => $next, trickle => length $rest ? $rest : $next } ] if defined fileno $c;
    };
    $bodies->autoflush(1);
    while (getppid == $parent) { # alone, there is nobody to serve
        @later = sort { $a->[0] <=> $b->[0] } @later;
        for my $c ($select->can_read(@later ? _max(0, $later[0][0] - time) : 1)) {
            if ($c == $listener) {
                my $new = $listener->accept or next;
                setsockopt $new, IPPROTO_TCP, TCP_NODELAY, 1;
                $select->add($new);
                $in{$new} = '';
                next;
            }
            if (!sysread $c, $in{$c}, 65536, length $in{$c}) { $close->($c); next }
            while (defined $in{$c} && $in{$c} =~ /\A(?:POST|PUT|GET) (\S+).*?\r\n\r\n/s) {
                my ($path, $head, $length) = ($1, $+[0], 0);
                $length = $1 if substr($in{$c}, 0, $head) =~ /^Content-Length: (\d+)/mi;
                last if length $in{$c} < $head + $length;
                local $Weir::FakeServer::head = substr $in{$c}, 0, $head;
                my $body = substr $in{$c}, $head, $length;
                substr($in{$c}, 0, $head + $length) = '';
                print $bodies "$body\n" if $length;
                my $a = $script->(++$n, $body, $path);
                if ($a->{hang}) { next }
                if ($a->{delay}) { push @later, [ time + $a->{delay}, $c, $a ]; next }
                $answer->($c, $a);
                $trickle->($c, $a);
            }
        }
        while (@later && $later[0][0] <= time) {
            my (undef, $c, $a) = @{ shift @later };
            $answer->($c, $a);
            $trickle->($c, $a);
        }
    }
}

sub _max { return $_[0] > $_[1] ? $_[0] : $_[1] }

sub _format {
    my ($a) = @_;
    my $body = $a->{body} // '{"status":"accepted"}';
    my @headers = (@{ $a->{headers} // [] }, 'Content-Length: ' . length $body, $a->{close} ? 'Connection: close' : ());
    return join "\r\n", 'HTTP/1.1 ' . ($a->{status} // 202) . ' Whatever', @headers, '', $body;
}

1;
