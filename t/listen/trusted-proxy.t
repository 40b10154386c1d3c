# A balancer that is trusted may have any number of connections to the listeners, as it may over HTTP.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Listen;
use Weir::Test;

alarm 60;
my $n = 6;
my $listen = Weir::Listen->start(['syslog'], '--max-connections-per-address', 2, '--trusted-proxy', '127.0.0.1');
my @clients = map { $listen->client('syslog') } 1 .. $n;
ok($_->send("<13>hello\n"), 'a sender behind it writes') for @clients;
$listen->got('syslog-tcp', $n, 'all of them are heard');
is($listen->metric('weir_refused_requests_total{reason="too_many_from_address"}'), 0, 'and none is refused for its address');
$listen->is_delivered('what they send is delivered');
is($listen->node->end, 0, 'the node ends well');
done_testing;
