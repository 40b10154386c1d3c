# 1000 slow connections to an analyzer's own port, by HTTP/1.1 or HTTP/2, from one address or from many, hold up nobody: deliveries, health
# checks, status and control are answered.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use Weir::Http2;
use Weir::Raw;
use Weir::Test;

alarm 450;
use constant { SECONDS => 3 };
my $analyzer = Weir::Process->start([ qw(weir-analyzer --id a1 --max-body 1MiB --threads 8 --listen 127.0.0.1:0) ]);
my $addr = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
my ($port) = $addr =~ /:(\d+)$/;

# What slow ones begin with, and go on with byte for byte.
my %begins = (
    headers => "GET /stats HTTP/1.1\r\nHost: a1\r\nX: ",
    bodies => "POST /ingest HTTP/1.1\r\nHost: a1\r\nContent-Length: 60000\r\n\r\n ",
    streams => Weir::Http2::PREFACE . frame(SETTINGS, 0, 0) . headers(1, '/ingest') . substr(data(1, ' ' x 16000), 0, 10),
);
my %from = (one => sub ($n) { '127.0.0.1' }, many => sub ($n) { sprintf '127.0.%d.%d', 1 + ($n / 250) % 250, 1 + $n % 250 });

# Holds them open for the time in a process of its own, which opens each one again that ends.
sub attack ($begin, $address, $n_slow) {
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $SIG{PIPE} = 'IGNORE';
    my (@slow, $n);
    my $until = time + SECONDS + 1;
    while (time < $until) {
        for my $i (0 .. $n_slow - 1) {
            next if $slow[$i] && defined syswrite $slow[$i], ' ';
            $slow[$i] = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, LocalAddr => $address->(++$n), Timeout => 1) or next;
            $slow[$i]->blocking(0);
            syswrite $slow[$i], $begin;
        }
        sleep 0.2;
    }
    require POSIX;
    POSIX::_exit(0);
}

# How many connections the analyzer has.
sub connections () { return scalar grep { (readlink($_) // '') =~ /^socket:/ } glob "/proc/$analyzer->{pid}/fd/*" }

# Asks as real clients do, who try again after a reset: one that the machine pauses before its first byte looks as slow
# as the others, and gives way to newer ones.
sub ask_again (@request) {
    my $answer;
    for my $try (1 .. 3) {
        $answer = http(@request);
        last if $answer->{status} != 599;
    }
    return $answer;
}

for my $case ([ headers => 'one', 120 ], [ headers => 'one', 1000 ], [ headers => 'many', 1000 ], [ bodies => 'one', 1000 ], [ bodies => 'many', 1000 ], [ streams => 'one', 1000 ]) {
    my ($what, $whence, $n_slow) = @$case;
    my $kept = Weir::Raw->connect($addr);
    my $attack = attack($begins{$what}, $from{$whence}, $n_slow);
    wait_until { connections() >= $n_slow / 2 } 10, 'the slow ones';
    my (%bad, $n);
    my $must = sub ($who, $answer) { $bad{$who} = "$answer->{status} " . ($answer->{content} // '') if $answer->{status} != 200 };
    my $until = time + SECONDS;
    while (time < $until) {
        $n++;
        $must->(delivery => ask_again(POST => "http://$addr/ingest", { messages => [1] }));
        $kept->send(request(POST => '/ingest', '{"messages":[1]}'));
        $must->('delivery over a kept connection' => $kept->answer // { status => 0 });
        $must->($_ => ask_again(GET => "http://$addr/$_")) for qw(health stats);
        $must->($_ => ask_again(POST => "http://$addr/$_", {})) for qw(disable enable);
    }
    waitpid $attack, 0;
    is_deeply(\%bad, {}, "$n_slow slow $what from $whence: everybody else is answered");
    cmp_ok($n, '>', 10, 'again and again');
}

my $client = Weir::Raw->connect($addr);
$client->send("POST /ingest HTTP/1.1\r\nHost: a1\r\nContent-Length: 16\r\n\r\n" . '{"messages":');
$client->send('[1]}');
is($client->answer->{status}, 200, 'a body in two pieces is taken');
is($analyzer->end, 0, 'it ends well');
done_testing;
