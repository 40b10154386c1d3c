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

# An agent that goes on until it is stopped.
my $agent;
my $sends = sub (@request) { $agent = Weir::Process->start([ 'sh', '-c', 'while :; do curl -s -o /dev/null "$@"; sleep 0.2; done', 'sh', '-d', '[1]', @request ], name => 'agent', may_end => 1) };
my $stops = sub { $agent->signal('KILL'); $agent->wait_end };

$truth->begins('agents use a wrong path', sub { $sends->("$ingest/services/collector/nothing") }, kind => 'agents_refused',
    subject => 'not_found', event_text => qr/: 404 not_found$/, level => 'warn', text => qr/^Agents get 404 not_found for [\d.]+ requests a second, mostly for POST \/services\/collector\/nothing from 127\.0\.0\.1$/, since => 1,
    status => qr/Agents get 404 not_found .*POST \/services\/collector\/nothing/, event => 'refusing', alert => 'WeirRefusesBadInput', labels => { reason => 'not_found' });
$truth->ends('they stop', $stops);

$truth->begins('agents use a wrong token', sub { $sends->("$ingest/ingest", '-H', 'Authorization: Bearer wrong') }, kind => 'agents_refused',
    subject => 'unauthorized', event_text => qr/: 401 unauthorized$/, level => 'warn', text => qr/^Agents get 401 unauthorized for [\d.]+ requests a second, mostly for POST \/ingest from 127\.0\.0\.1$/, since => 1,
    status => qr/Agents get 401 unauthorized/, event => 'refusing', alert => 'WeirRefusesBadInput', labels => { reason => 'unauthorized' });
$truth->ends('they stop', $stops);
done_testing;
