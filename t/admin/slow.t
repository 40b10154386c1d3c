# 1000 slow connections to the admin port, from one address or from many, hold up nobody: heartbeats, operators and
# health checks are answered, and no lease ends.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use JSON::PP qw(encode_json);
use Test::More;
use Time::HiRes qw(sleep time);
use Weir::Test;
use Weir::Tokens;

alarm 450;
use constant { CONNECTIONS => 1000, SECONDS => 5, TTL_MS => 3000 };
my $redis = Weir::Redis->new;
my $node = node($redis, all_tokens);
my $port = ($node->{admin} =~ /:(\d+)$/)[0];
my %at = (url => 'http://127.0.0.1:9/ingest', weight => 1, ttl_ms => TTL_MS);
my $path = "$node->{admin}/v1/analyzers/a1";
my $registered = as('register', PUT => $path, \%at);
is($registered->{status}, 201, 'an analyzer registers');
my $instance = $registered->{json}{instance};

# What slow ones begin with, and go on with byte for byte: a header section, a body, a stream of events.
my %begins = (
    headers => "GET /v1/cluster HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
    bodies => "PUT /v1/analyzers/x HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer $token{register}\r\nContent-Length: 60000\r\n\r\n{",
    streams => "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
);

# Holds them open for the time in a process of its own, which opens each one again that ends.
sub attack ($begin, $address) {
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $SIG{PIPE} = 'IGNORE';
    my (@slow, $n);
    my $until = time + SECONDS + 2;
    while (time < $until) {
        for my $i (0 .. CONNECTIONS - 1) {
            next if $slow[$i] && defined syswrite $slow[$i], 'a';
            $slow[$i] = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, LocalAddr => $address->(++$n), Timeout => 1) or next;
            $slow[$i]->blocking(0);
            syswrite $slow[$i], $begin;
        }
        sleep 0.5;
    }
    require POSIX;
    POSIX::_exit(0);
}

# Asks as real clients do, who try again after a reset: when 256 newer connections come before its first byte, one that
# is paused by the machine looks as slow as the others, and gives way.
sub ask_again (@request) {
    my $answer;
    for my $try (1 .. 3) {
        $answer = as(@request);
        last if $answer->{status} != 599;
    }
    return $answer;
}

# Whoever has a token, or asks for health: what the last bad answer of each was, and how long each health check took.
sub ask_meanwhile () {
    my (%bad, @took);
    my $until = time + SECONDS;
    my $must = sub ($who, @request) {
        my $answer = ask_again(@request);
        $bad{$who} = "$answer->{status} $answer->{content}" if $answer->{status} != 200;
        return $answer;
    };
    for (my $i = 0; time < $until; $i++) {
        my $start = time;
        $must->(livez => '-', GET => "$node->{admin}/livez");
        push @took, time - $start;
        next if $i % 10;
        $must->(heartbeat => 'register', POST => "$path/heartbeat", { instance => $instance });
        $must->(operator => 'admin', PATCH => $path, { weight => 2 });
        my $seen = $must->(reader => 'admin', GET => "$node->{admin}/v1/analyzers/a1");
        $bad{lease} = $seen->{content} if ($seen->{json}{heartbeat_age_ms} // TTL_MS) >= TTL_MS;
    }
    @took = sort { $a <=> $b } @took;
    return (\%bad, $took[int(0.99 * $#took)], scalar @took);
}

my %from = (one => sub ($n) { '127.0.0.1' }, many => sub ($n) { sprintf '127.0.%d.%d', 1 + ($n / 250) % 250, 1 + $n % 250 });
for my $case ([ headers => 'one' ], [ headers => 'many' ], [ bodies => 'many' ], [ streams => 'many' ]) {
    my ($what, $whence) = @$case;
    my $attack = attack($begins{$what}, $from{$whence});
    wait_until { metrics($node)->{'weir_admin_connections'} > 40 } 20, 'the slow ones';
    my ($bad, $p99, $n) = ask_meanwhile();
    waitpid $attack, 0;
    my $title = CONNECTIONS . " slow $what from $whence";
    is_deeply($bad, {}, "$title: everybody else is answered");
    cmp_ok($p99, '<', 1, sprintf "$title: /livez in %.1f ms at the 99th percentile of %d", $p99 * 1000, $n);
}
my $metrics = metrics($node);
cmp_ok($metrics->{'weir_admin_connections_closed_total{reason="no_room"}'}, '>', 100, 'they were closed to make room');
is_deeply([ grep { /a1.*lost|lost.*a1/ } map { $_->{text} } @{ ask(GET => "$node->{admin}/v1/events")->{json}{events} } ], [], 'no lease ended');
is($node->end, 0, 'the node ends well');
done_testing;
