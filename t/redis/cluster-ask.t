# ASK of a Redis Cluster is followed for the one call, with ASKING before it; MOVED for all that come. Two fake nodes.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use Test::More;
use Weir::Test;

alarm 300;
my $roster = '{"epoch":1,"now_ms":1,"slots":0,"analyzers":[],"gone":[],"workers":[],"retired":[0,0,0,0],"spill":{"packets":0,"messages":0,"bytes":0},"dead":0}';
my $log = folder . '/said';
my @listeners = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 8) || die "listen: $@\n" } 1, 2;
my @ports = map { $_->sockport } @listeners;

sub read_command ($socket) {
    my ($n) = (readline($socket) // return) =~ /^\*(\d+)/ or return;
    return map { my ($len) = readline($socket) =~ /^\$(\d+)/; read $socket, my $word, $len + 2; substr $word, 0, $len } 1 .. $n;
}

# One process for each: what it is told goes to the log, and its answers come from a table.
sub serve ($i, $answer) {
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    open my $out, '>>', $log or die "$log: $!\n";
    $out->autoflush(1);
    while (my $socket = $listeners[$i]->accept) {
        while (my ($verb, @words) = read_command($socket)) {
            say {$out} "$i $verb";
            print $socket $answer->($verb);
        }
    }
    exit 0;
}

my $ok = "+OK\r\n";
my $nothing = "*0\r\n"; # no reports, and no journal
my $roster_reply = '$' . length($roster) . "\r\n$roster\r\n";
my $is_asking = 0;
my $run = sub ($error) {
    unlink $log;
    my @pids = (
        serve(0, sub ($verb) { $verb eq 'CLUSTER' ? "-NOPERM no permissions\r\n" : $verb =~ /^HGETALL|^XREVRANGE/ ? $nothing : $verb =~ /^EVAL/ ? "-$error\r\n" : $ok }),
        serve(1, sub ($verb) {
            return $ok if $verb eq 'ASKING' && ($is_asking = 1);
            return "-NOPERM no permissions\r\n" if $verb eq 'CLUSTER';
            return $nothing if $verb =~ /^HGETALL|^XREVRANGE/;
            return $ok if $verb !~ /^EVAL/;
            return $error =~ /^ASK/ && !$is_asking ? "-MOVED 1 127.0.0.1:$ports[0]\r\n" : $roster_reply;
        }));
    my $result = run('weirctl', '--redis', "redis://127.0.0.1:$ports[0]", 'status', '--json', '--timeout', '3s');
    kill KILL => @pids;
    waitpid $_, 0 for @pids;
    return ($result, [ grep { /^1 (?!CLUSTER)/ } split /\n/, slurp($log) ]);
};

my ($result, $said) = $run->("ASK 1 127.0.0.1:$ports[1]");
is($result->{status}, 0, 'a call that is sent elsewhere by ASK is answered') or diag($result->{stderr});
is_deeply($said, [ ('1 ASKING', '1 EVALSHA') x (@$said / 2) ], 'ASKING comes before it');
cmp_ok(scalar @$said, '>', 0, 'at the node that was named');
($result, $said) = $run->("MOVED 1 127.0.0.1:$ports[1]");
is($result->{status}, 0, 'so is one that is sent elsewhere by MOVED') or diag($result->{stderr});
is_deeply([ grep { /ASKING/ } @$said ], [], 'without ASKING');
($result) = $run->('TRYAGAIN Multiple keys request during rehashing of slot');
isnt($result->{status}, 0, 'a slot that is on its way for ever is an error');
like($result->{stderr}, qr/TRYAGAIN/, 'that says so');
done_testing;
