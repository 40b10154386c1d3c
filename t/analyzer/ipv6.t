# An analyzer on IPv6 may say where it is as Kubernetes gives it the address: without brackets.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Socket::IP;
use Test::More;
use Weir::Cluster;
use Weir::Test;

alarm 300;
my $socket = IO::Socket::IP->new(LocalHost => '::1', LocalPort => 0, Proto => 'tcp', Listen => 1) or plan skip_all => "there is no ::1 here: $@";
my $port = $socket->sockport;
close $socket;
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
$cluster->start_analyzer(six => 1, '--listen', "[::1]:$port", '--advertise', "http://::1:$port/ingest");
$cluster->wait_known('six');
is($cluster->cluster->{analyzers}[0]{url}, "http://[::1]:$port/ingest", 'it registers with brackets');
my $answer = http(POST => "http://$cluster->{nodes}[0]{ingest}/ingest", { messages => [ 1, 2, 3 ] });
is($answer->{status}, 202, 'and gets packets') or diag($answer->{content});
is($cluster->counts->{six}, 3, 'with their messages');
done_testing;
