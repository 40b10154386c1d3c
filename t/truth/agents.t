# Agents with a wrong path and with a wrong token are told by the reason and the status that they get.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Truth;

alarm 900;
my $truth = Weir::Truth->start(node => [ '--ingest-token', 'the-right-token-of-agents' ], load => { 'ingest-token' => 'the-right-token-of-agents' });
my $ingest = "http://" . $truth->cluster->node(1)->{ingest};

$truth->begins('agents use a wrong path', sub { http(POST => "$ingest/services/collector/nothing", [1]) for 1 .. 20 }, kind => 'agents_refused',
    subject => 'not_found', level => 'warn', text => qr/^Agents get 404 not_found for [\d.]+ requests a second, mostly for POST \/services\/collector\/nothing from 127\.0\.0\.1$/, since => 1,
    status => qr/Agents get 404 not_found .*POST \/services\/collector\/nothing/, alert => 'WeirRefusesBadInput', metric => sub ($m) { $m->{'weir_refused_requests_total{reason="not_found"}'} >= 20 });
$truth->ends('they stop', sub { });

$truth->begins('agents use a wrong token', sub { http(POST => "$ingest/ingest", [1], Authorization => 'Bearer wrong') for 1 .. 10 }, kind => 'agents_refused',
    subject => 'unauthorized', level => 'warn', text => qr/^Agents get 401 unauthorized for [\d.]+ requests a second, mostly for POST \/ingest from 127\.0\.0\.1$/, since => 1,
    status => qr/Agents get 401 unauthorized/, alert => 'WeirRefusesBadInput', metric => sub ($m) { $m->{'weir_refused_requests_total{reason="unauthorized"}'} >= 10 });
$truth->ends('they stop', sub { });
done_testing;
