package Bench::Instructions;

# Instructions that a node executes for one packet of each shape, outside the kernel, as valgrind counts them: a fixed
# replay over one connection, in bursts, to one analyzer: each burst of small packets is read at once and leaves as one
# batch, so that the count hardly depends on time. It is taken several times in one run, after a first replay that
# does not count: neither the start nor the end of the node is in it.
use v5.36;
use Bench::Formats;
use Bench::Prepare;
use Bench::Process qw(folder slurp wait_until);
use Bench::Redis;
use Bench::Routers;
use IO::Socket::INET;
use List::Util qw(min);
use POSIX qw(uname);
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

use constant MOST_DELAYED => 0.1;

# What a packet is, how many are in a burst, how many bursts are in a replay, and what part of the number may change
# unseen. A large block that grows is copied or not, as the heap has it, and a copied byte is an instruction.
my %shapes = (
    busy => { tolerance => 0.05, says => '1.2 KB of JSON, 5 messages', request => sub { _packet(5, 208) }, burst => 32, bursts => 200 },
    small => { tolerance => 0.05, says => '100 B of JSON, 1 message', request => sub { _packet(1, 60) }, burst => 32, bursts => 200 },
    large => { tolerance => 0.05, says => '64 KB of JSON, 400 messages', request => sub { _packet(400, 132) }, burst => 4, bursts => 25 },
    huge => { tolerance => 0.3, says => '1 MB of JSON, 400 messages', request => sub { _packet(400, 2600) }, burst => 1, bursts => 10 },
    gzip => { tolerance => 0.1, says => '64 KB of JSON, compressed', request => sub { Bench::Formats::request([ 'json', 'gzip' ], 280)->{bytes} }, burst => 4, bursts => 25 },
    otlp => { tolerance => 0.1, says => 'OTLP protobuf, 280 records', request => sub { Bench::Formats::request([ 'otlp-proto', 'auto' ], 280)->{bytes} }, burst => 4, bursts => 10 },
);

sub shapes () { return qw(busy small large huge gzip otlp) }
sub tolerance ($shape) { return $shapes{$shape}{tolerance} }
sub says ($shape) { return $shapes{$shape}{says} }

my $stored = Bench::Prepare::checkout() . '/bench/instructions.txt';

# What the count depends on besides the code: "12 x86_64". Undef: no Debian.
sub platform () {
    my ($version) = slurp('/etc/debian_version') =~ /^(\d+)/ or return undef;
    return "$version " . (uname)[4];
}

# Why it cannot be counted here; undef: it can.
sub obstacle () {
    return 'valgrind is not installed' if system('command -v valgrind vgdb >/dev/null');
    my $cache = slurp(Bench::Prepare::bin_dir() . '/../CMakeCache.txt');
    return 'the programs are not built for release' if $cache !~ /^CMAKE_BUILD_TYPE:\w+=Release$/m;
    return 'the programs are instrumented' if $cache =~ /^(?:WEIR_SANITIZE|CMAKE_C_FLAGS):\w+=./m;
    return 'the programs are not built by gcc' if $cache =~ /^CMAKE_C_COMPILER:\w+=.*clang/m;
    return undef;
}

# {shape => number}, as stored for this platform.
sub expected () {
    my $platform = platform() // return {};
    return { slurp($stored) =~ /^\Q$platform\E +(\w+) +(\d+)$/mg };
}

sub store (%per_packet) {
    my $platform = platform() // die "this is no Debian\n";
    my $text = slurp($stored);
    for my $shape (grep { defined $per_packet{$_} } shapes) {
        my $line = sprintf '%-12s %-6s %9.0f', $platform, $shape, $per_packet{$shape};
        $text =~ s/^\Q$platform\E +$shape .*/$line/m or $text .= "$line\n";
    }
    open my $file, '>', $stored or die "$stored: $!\n";
    print $file $text;
    close $file or die "$stored: $!\n";
}

sub _packet ($n_messages, $n_chars) {
    my $body = sprintf '{"id":"p1","messages":[%s]}', join ',', map { sprintf '{"level":"info","msg":"%s"}', 'm' x $n_chars } 1 .. $n_messages;
    return "POST /ingest HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
}

# Each burst in one piece, the next when all of the last are answered.
sub _replay ($addr, $n_bursts, $packet, $n_burst) {
    my $socket = IO::Socket::INET->new(PeerAddr => $addr, Proto => 'tcp') or die "connect: $@\n";
    $socket->autoflush;
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    my $burst = $packet x $n_burst;
    for (1 .. $n_bursts) {
        print $socket $burst or die "write: $!\n";
        my ($answers, $n) = ('', 0);
        while ($n < $n_burst) {
            sysread $socket, $answers, 65536, length $answers or die "the node closed the connection\n";
            $n = () = $answers =~ m{HTTP/1\.1 2\d\d }g;
            die "refused: $answers\n" if $answers =~ m{HTTP/1\.1 [^2]};
        }
    }
}

# Makes callgrind write down what was counted since the last time, and begin again.
sub _dump ($node) {
    my $pid = $node->{process}->pid;
    system("vgdb --max-invoke-ms=0 --pid=$pid dump >/dev/null 2>&1") == 0 or die "vgdb does not reach valgrind\n";
}

# What was counted since the last time; callgrind writes it to this file.
sub _count_since ($node, $file) {
    _dump($node);
    return slurp($file) =~ /^(?:summary|totals): (\d+)/m ? $1 : die "callgrind wrote no counts\n" . $node->{process}->log;
}

# Options: sink and node, each more options of that program.
sub _start ($out, %options) {
    my $sink = Bench::Process->start([ 'weir-bench-sink', ($options{sink} // [])->@* ]);
    my $redis = Bench::Redis->start;
    # the same code on every processor of an architecture
    local $ENV{SIMDJSON_FORCE_IMPLEMENTATION} = 'westmere' if (uname)[4] eq 'x86_64';
    my $node = Bench::Routers::start(weir => { redis => $redis->url, pool => 'bench', node => [ '--probe-interval', '60s', ($options{node} // [])->@* ],
        under => [ 'valgrind', '--tool=callgrind', "--callgrind-out-file=$out", '--quiet', '--vgdb-poll=500' ] });
    Bench::Routers::register($node, [ [ $sink->wait_log(qr/addr=(\S+)/), 1 ] ]);
    return ({ %$node, sink => $sink, others => [ $sink, $redis ] });
}

# So far: seconds that threads of the node were ready to run while others had the processor.
sub _delay_s ($node) {
    my $ns = 0;
    $ns += (split ' ', slurp($_))[1] // 0 for glob '/proc/' . $node->{process}->pid . '/task/*/schedstat';
    return $ns / 1e9;
}

# {shape => {per_packet: the least, as what time adds is not the packets' own; all: each time; delayed: the least part of
# its time that the node had to wait for a processor; profile: a file for callgrind_annotate}}
sub measure ($n_times, @wanted) {
    my $out = folder . '/callgrind';
    my $node = _start($out);
    my ($n_dumps, %found) = (0);
    for my $name (@wanted) {
        my $shape = $shapes{$name};
        my $packet = $shape->{request}->();
        my (@counts, @delayed);
        for my $time (0 .. $n_times) {
            my ($begin, $delay_s) = (time, _delay_s($node));
            _replay($node->{addr}, $shape->{bursts}, $packet, $shape->{burst});
            my $delayed = (_delay_s($node) - $delay_s) / (time - $begin);
            my $count = _count_since($node, "$out." . ++$n_dumps);
            next if !$time;
            push @counts, $count / ($shape->{bursts} * $shape->{burst});
            push @delayed, $delayed;
        }
        $found{$name} = { per_packet => min(@counts), all => \@counts, delayed => min(@delayed), profile => "$out.$n_dumps" };
    }
    return \%found;
}

# Messages that the analyzer has. The node is not asked: that would cost it something.
sub _n_there ($node) {
    my $socket = IO::Socket::INET->new(PeerAddr => $node->{sink}->wait_log(qr/addr=(\S+)/), Proto => 'tcp') or die "connect: $@\n";
    print $socket "GET / HTTP/1.1\r\n\r\n";
    my $answer = '';
    while ($answer !~ /^\d+ (\d+)$/m) { sysread $socket, $answer, 4096, length $answer or die "no stats: $answer\n" }
    return $answer =~ /^\d+ (\d+)$/m ? $1 : 0;
}

# For $n_messages messages over each of these wires, which lose none, in one node: the least of $n_times, after one that does not count.
sub measure_wires ($n_times, $n_packets, $n_messages, @wires) {
    my $out = folder . '/callgrind-wires';
    my $node = _start($out, sink => ['--count'], node => [ Bench::Formats::listen_options() ]);
    my ($n_dumps, $n_there, @least) = (0, 0);
    for my $wire (@wires) {
        my @counts;
        for my $time (0 .. $n_times) {
            my $n = Bench::Formats::send_to($node, $wire, $n_messages, '--count', $n_packets, '--connections', 1);
            $n_there += $n;
            wait_until { _n_there($node) >= $n_there } 120, 'the messages to arrive';
            my $count = _count_since($node, "$out." . ++$n_dumps);
            push @counts, $count / $n * $n_messages if $time;
        }
        push @least, min(@counts);
    }
    return @least;
}

# Of each of these requests, in one node: the least of $n_times, after one that does not count.
sub measure_requests ($n_times, $n_bursts, $n_burst, @requests) {
    my $out = folder . '/callgrind';
    my $node = _start($out);
    my ($n_dumps, @least) = (0);
    for my $request (@requests) {
        my @counts;
        for my $time (0 .. $n_times) {
            _replay($node->{addr}, $n_bursts, $request, $n_burst);
            my $count = _count_since($node, "$out." . ++$n_dumps);
            push @counts, $count / ($n_bursts * $n_burst) if $time;
        }
        push @least, min(@counts);
    }
    return @least;
}

1;
