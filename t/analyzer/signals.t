# Signals that others send, and a log that nobody reads any more, do not end an analyzer.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 450;
pipe my $read, my $write or die "pipe: $!";
my $port = free_port();
my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', "127.0.0.1:$port" ], stderr => $write);
my $url = "http://127.0.0.1:$port";
sub is_well () { return http(GET => "$url/health")->{status} == 200 }
wait_until { is_well() } 10, 'it to serve';

close $_ for $read, $write;
for (1 .. 3) {
    is(http(POST => "$url/ingest", '{')->{status}, 400, 'what is to be logged is refused');
    ok(is_well(), 'and it serves on, though nobody reads its log');
}
for my $signal (qw(PIPE USR1 USR2 HUP)) {
    $analyzer->signal($signal);
    ok(is_well(), "SIG$signal harms nobody");
}
$analyzer->signal('TERM');
is($analyzer->wait_end, 0, 'SIGTERM ends it well');
done_testing;
