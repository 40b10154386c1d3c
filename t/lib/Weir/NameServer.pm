package Weir::NameServer;

# A name server on 127.0.0.x, port 53, and the command that makes a program ask it: the program gets a resolv.conf of
# its own in a mount namespace. Both need the rights of root.
#
#   my $names = Weir::NameServer->start or plan skip_all => '...';
#   $names->set('logs.test A 127.0.0.2', '_logs._tcp.test SRV 10 3 9001 a.test');
#   $names->set;                                     # it answers nobody any more: SERVFAIL
#   Weir::Process->start([ $names->command('weir-node'), @options ]);
use v5.36;
use IO::Socket::INET;
use Weir::Test qw(program_path);
use Weir::Base qw(folder slurp);
use Weir::Listed qw(write_whole);

my %TYPES = (A => 1, SRV => 33);

# undef: it may not be here.
sub start ($class) {
    return undef if $> != 0 || system('unshare -m true >/dev/null 2>&1') != 0;
    my ($socket, $address);
    for my $try (1 .. 20) {
        $address = sprintf '127.%d.%d.53', 1 + int rand 250, int rand 250;
        $socket = IO::Socket::INET->new(LocalAddr => $address, LocalPort => 53, Proto => 'udp') and last;
    }
    return undef if !$socket;
    my $self = bless { owner => $$, zone => folder() . '/zone', resolv => folder() . '/resolv.conf' }, $class;
    write_whole($self->{resolv}, "nameserver $address\noptions timeout:1 attempts:1\n");
    $self->set;
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM);
        $self->_serve($socket);
    }
    return $self;
}

sub set ($self, @records) { write_whole($self->{zone}, join '', map { "$_\n" } @records) }

sub command ($self, $program) {
    return ('unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', $self->{resolv}, program_path($program));
}

sub DESTROY ($self) {
    return if !$self->{pid} || $self->{owner} != $$;
    kill KILL => $self->{pid};
    local $?;
    waitpid $self->{pid}, 0;
}

sub _name ($text) { return join '', (map { chr(length) . $_ } split /\./, $text), "\0" }

sub _data ($type, @fields) {
    return $type eq 'A' ? pack 'C4', split /\./, $fields[0] : pack('n3', @fields[0 .. 2]) . _name($fields[3]);
}

# What it answers to the name and the type; undef: it fails.
sub _answers ($self, $name, $type) {
    my @records = map { [ split ' ' ] } split /\n/, slurp($self->{zone});
    return undef if !@records;
    return [ map { my ($of, $kind, @fields) = @$_; pack('n', 0xc00c) . pack('nnNn/a', $TYPES{$kind}, 1, 0, _data($kind, @fields)) }
        grep { lc $_->[0] eq lc $name && $TYPES{ $_->[1] } == $type } @records ];
}

sub _serve ($self, $socket) {
    my $parent = getppid;
    while (getppid == $parent) {
        my $from = $socket->recv(my $query, 512) // next;
        my ($id, $at, @labels) = (unpack('n', $query), 12);
        while (my $len = unpack 'C', substr $query, $at, 1) {
            push @labels, substr $query, $at + 1, $len;
            $at += 1 + $len;
        }
        my $answers = $self->_answers(join('.', @labels), unpack 'n', substr $query, $at + 1, 2);
        $socket->send(pack('n6', $id, $answers ? 0x8180 : 0x8182, 1, scalar @{ $answers // [] }, 0, 0)
            . substr($query, 12, $at + 5 - 12) . join('', @{ $answers // [] }), 0, $from);
    }
    exit 0;
}

1;
