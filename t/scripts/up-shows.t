# ./up.sh starts everything, shows who gets how much, judges it, and leaves nothing behind.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::INET;
use Test::More;
use Weir::Test;

alarm 600;
my $checkout = "$Bin/../..";

sub up (@options) {
    state $n = 0;
    my $out = sprintf '%s/up.%d.out', folder, ++$n;
    my $up = Weir::Process->start([ "$checkout/up.sh", @options ], name => "up$n", stdout => $out);
    $up->{out} = $out;
    return $up;
}

# It is what was printed: the processes, and the folder of their logs.
sub pids ($text) { return $text =~ /^  \w+ +\S+ +pid (\d+)$/mg }
sub left ($text) {
    my ($folder) = $text =~ /^  logs +(\S+)/m;
    return [ grep({ kill 0 => $_ } pids($text)), grep { -e } $folder // 'no folder of logs was printed' ];
}

sub wait_table ($up) {
    wait_until { $up->has_ended || slurp($up->{out}) =~ /^  nodes: /m } 60, 'a table';
    return slurp($up->{out});
}

{
    my $squatter = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 1, ReusePort => 1);
    my $up = up('--for', '5s', '--rate', 500);
    is($up->wait_end(90), 0, 'a run with an end: exit status 0') or diag($up->log);
    my $text = slurp($up->{out});
    like($text, qr/^port 8080 is taken: the ingest port uses \d+$/m, 'a busy port is left alone, even if it could be shared');
    like($text, qr/^  after \d s +weight +target +actual +error +messages +a second$/m, 'there is a table');
    like($text, qr/^  a1 +0\.5 +50\.00 % +\d\d\.\d\d % +[+-]0\.\d\d % +[\d,]+ +[\d,]+$/m, 'with a row for each analyzer');
    like($text, qr/^  2500 packets: sent (\d+), accepted \1, routed \1, delivered \1, processed \1 messages$/m, 'nothing is lost');
    like($text, qr/^  worst share error: 0(?:\.[01]\d*)? % .*\n  verdict: ok/m, 'the shares are right, and it says so');
    is(scalar(my @pids = pids($text)), 8, 'redis, three nodes, three analyzers and the load were running');
    is_deeply(left($text), [], 'and nothing of them is left');
}
{
    open my $lines, '>', folder . '/lines' or die $!;
    print $lines "line $_\n" for 1 .. 100;
    close $lines;
    my $up = up('--nodes', 2, '--analyzers=1,3', '--replay', folder . '/lines');
    my $text = wait_table($up);
    like($text, qr/^  a2 +3 +75\.00 % /m, 'as many analyzers as there are weights');
    my ($url) = $text =~ /curl -i (\S+) -d/;
    is(http(POST => $url, { messages => [ { msg => 'hello' } ] })->{status}, 202, 'packets of others are taken, where it says');
    $up->signal('INT');
    is($up->wait_end, 130, 'Ctrl-C ends it');
    is_deeply(left($text), [], 'and nothing is left');
}
{
    my $up = up('--no-load', '--nodes=1');
    my $text = wait_table($up);
    my ($pid) = $text =~ /^  a2 .*pid (\d+)$/m;
    kill KILL => $pid;
    is($up->wait_end, 1, 'when something dies, so does all');
    like($up->log, qr/^a2 has ended by itself/m, 'and it says which');
    my ($logs) = $up->log =~ /^the logs stay in (\S+)$/m;
    ok(-s "$logs/a2.log", 'the logs stay');
    is_deeply(left($text), [$logs], 'and nothing else');
    system 'rm', '-r', $logs if $logs =~ m{/weir-up\.\w+$};
}
for my $wrong ([ '--rat', 1 ], [ '--for', 'soon' ], ['--nodes=0'], [ '--analyzers', '1,,2' ], [ '--replay', '/none' ], ['--rate']) {
    my $up = up(@$wrong);
    is($up->wait_end, 2, "@$wrong: exit status 2");
    like($up->log, qr/\A\S+up\.sh: .*\(see --help\)\n\z/, 'one line says why');
}
done_testing;
