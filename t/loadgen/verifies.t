# weir-loadgen --verify says whether each analyzer got its share; and a run ends well when it is interrupted or its input ends.
use v5.28;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp ();
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);
use Weir::FakeServer;
use Weir::Base qw(until_true);

my $binary = ($ENV{WEIR_BIN} // "$Bin/../../build/bin") . '/weir-loadgen';
my $tmp = File::Temp->newdir;
alarm 600;

# A run in the background: its pid, and where its report goes.
sub begin {
    my ($stdin, @args) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    open STDIN, '<&', $stdin or die $! if $stdin;
    open STDOUT, '>', "$tmp/report" or die $!;
    open STDERR, '>', "$tmp/stderr" or die $!;
    exec $binary, '--json', @args or die "$binary: $!";
}

sub finish {
    my ($pid) = @_;
    my $ended = until_true(20, sub { waitpid($pid, 1) == $pid });
    my $status = $ended ? $? >> 8 : 'did not end';
    kill KILL => $pid if !$ended;
    open my $in, '<', "$tmp/report" or die $!;
    my $text = do { local $/; <$in> };
    return ($status, $text ? decode_json($text) : {});
}

# A node with two analyzers of even shares. a1 gets $share of the messages; what was delivered shows $lag looks later.
sub node {
    my ($share, $lag) = @_;
    my ($total, $looks) = (1000, 0);
    return Weir::FakeServer->start(sub {
        my ($n, $body, $path) = @_;
        if ($path eq '/ingest') { $total += @{ decode_json($body)->{messages} }; return {} }
        return { status => 404 } if $path ne '/v1/cluster';
        my $delivered = $looks++ > $lag ? $total : 1000;
        my @routed = (500 + ($total - 1000) * $share, 500 + ($total - 1000) * (1 - $share));
        return { status => 200, body => encode_json({ epoch => 7, analyzers => [
            map { { id => "a$_", weight => 5, share => 0.5, routed => int $routed[ $_ - 1 ], delivered => int($delivered / 2), processed => 0 } } 1, 2 ] }) };
    });
}

{
    my $node = node(0.5, 3);
    my ($status, $r) = finish(begin(undef, '--target', $node->url, '--rate', 0, '--count', 200, '--messages', 2, '--verify', $node->url('/')));
    is($status, 0, 'even shares: exit status 0');
    is_deeply([ map { $_->{routed} } @{ $r->{verify}{analyzers} } ], [ 200, 200 ], 'only what came during the run counts');
    is($r->{verify}{delivered}, 400, 'what was accepted is waited for until it shows as delivered');
}
{
    my $node = node(0.6, 0);
    my ($status, $r) = finish(begin(undef, '--target', $node->url, '--rate', 0, '--count', 200, '--messages', 2, '--verify', $node->url));
    is($status, 1, 'shares that are off: exit status 1');
    ok(!$r->{ok} && !$r->{verify}{shares_ok} && $r->{verify}{delivered_ok}, 'and the report says that it is the shares');
    is(sprintf('%.1f', $r->{verify}{worst_error_percent}), '10.0', 'and how far they are off');
    ($status) = finish(begin(undef, '--target', $node->url, '--rate', 0, '--count', 200, '--messages', 2, '--verify', $node->url, '--tolerance', 11));
    is($status, 0, '--tolerance allows it');
}
{
    my $node = node(0.5, 0);
    my $gone = Weir::FakeServer->start(sub { {} });
    $gone->stop;
    my ($status) = finish(begin(undef, '--target', $node->url, '--count', 5, '--verify', $gone->url));
    is($status, 1, 'no cluster to be seen: exit status 1');
    is(scalar(() = $node->bodies), 0, 'and nothing was sent');
}
{
    my $server = Weir::FakeServer->start(sub { {} });
    my $pid = begin(undef, '--target', $server->url, '--rate', 100, '--duration', 0);
    ok(until_true(10, sub { $server->bodies > 20 }), 'a run without end goes on');
    kill INT => $pid;
    my ($status, $r) = finish($pid);
    is($status, 0, 'SIGINT ends a run, and what was sent was accepted');
    ok($r->{interrupted} && $r->{accepted}{packets} == scalar(() = $server->bodies), 'it reports all it sent');
}
{
    my $server = Weir::FakeServer->start(sub { {} });
    pipe my $in, my $out or die $!;
    my $pid = begin($in, '--target', $server->url, '--replay', '-', '--messages', 3, '--rate', 1000);
    close $in;
    $out->autoflush(1);
    my $begin = time;
    print $out "one\n";
    ok(until_true(10, sub { $server->bodies == 1 }), 'a line from a pipe goes out before the next one is written');
    my $idle_since = time;
    sleep 2; # nothing to wait for: that nothing comes is what is tested
    my $idle_s = time - $idle_since;
    print $out "two\nthree";
    close $out;
    my ($status, $r) = finish($pid);
    is("$status $r->{accepted}{messages}", '0 3', 'the run ends with its input, and has sent all of it');
    cmp_ok($r->{latency_us}{max} / 1e6, '<=', time - $begin - $idle_s, 'time without input is nobody\'s latency');
}

done_testing;
