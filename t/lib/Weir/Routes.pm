package Weir::Routes;

# Every route of both ports, what it answers to whom, and with what body it is asked.
use v5.36;
use Exporter qw(import);

our @EXPORT = qw(%admin_routes %ingest_routes %body @OPEN @READ);

# What a request gets: who asks -> status. "-": nobody, "x": a wrong token.
our @OPEN = qw(- x ingest register admin);
my @HEALTH = (200) x 5;
our @READ = (401, 401, 401, 200, 200);
our %admin_routes = (
    (map { ("GET $_" => \@HEALTH) } qw(/ /assets/style.css /livez /healthz /readyz /health /v1/openapi.yaml)),
    'GET /assets/{}' => [ (404) x 5 ],
    'GET /readyz?verbose' => \@READ,
    (map { ("GET $_" => \@READ) } qw(/metrics /metrics-json /stats /queue /analyzer/stats)),
    'GET /v1/cluster' => \@READ,
    'GET /v1/overview' => \@READ,
    'GET /v1/history' => \@READ,
    'GET /v1/events' => \@READ,
    'GET /v1/nodes' => \@READ,
    'GET /v1/nodes/{}' => \@READ,
    'GET /v1/config' => \@READ,
    'GET /v1/refusals' => \@READ,
    'GET /v1/analyzers' => \@READ,
    'GET /v1/analyzers/{}' => \@READ,
    'PUT /v1/analyzers/{}' => [ 401, 401, 401, 200, 200 ],
    'POST /v1/analyzers/{}/heartbeat' => [ 401, 401, 401, 200, 200 ],
    'PATCH /v1/analyzers/{}' => [ 401, 401, 401, 401, 200 ],
    'DELETE /v1/analyzers/{}' => [ 401, 401, 401, 200, 200 ],
    'GET /v1/spill' => \@READ,
    'GET /v1/spill/{}' => [ 401, 401, 401, 401, 404 ],
    'GET /v1/dead' => \@READ,
    'GET /v1/dead/{}' => [ 401, 401, 401, 401, 404 ],
    'POST /v1/dead/replay' => [ 401, 401, 401, 401, 200 ],
    'POST /v1/dead/purge' => [ 401, 401, 401, 401, 200 ],
    'GET /nowhere' => [ (404) x 5 ],
    'PATCH /v1/analyzers' => [ (405) x 5 ],
    'OPTIONS /v1/analyzers' => [ (204) x 5 ],
);
our %ingest_routes = (
    (map { ("POST $_" => [ 401, 401, 202, 401, 401 ]) } qw(/ingest /v1/ingest /logs /message/send)),
    (map { ("GET $_" => \@HEALTH) } qw(/livez /healthz /readyz)),
    'GET /ingest' => [ (405) x 5 ],
    'GET /v1/cluster' => [ (404) x 5 ],
);
our %body = (
    PUT => { url => 'http://127.0.0.1:9/ingest', weight => 0, instance => 'i1', ttl_ms => 60000 },
    PATCH => { weight => 1 },
    DELETE => { instance => 'i1' },
    'POST /v1/analyzers/{}/heartbeat' => { instance => 'i1' },
    'POST admin' => { entries => ['1-1'] },
    'POST ingest' => { messages => ['secret-message'] },
);

# What stands at {} in the requests.
sub hole ($path, $node) { return $path =~ m{/(?:dead|spill)/} ? '1-1' : $path =~ m{/nodes/} ? $node : 'a2' }

1;
