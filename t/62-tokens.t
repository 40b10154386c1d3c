# Who may do what: every route of both ports without a token, with a wrong one and with each right one.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 120;
my $redis = Weir::Redis->new;

# What a request gets: who asks -> status. "-": nobody, "x": a wrong token.
my @OPEN = qw(- x ingest register admin);
my @HEALTH = (200) x 5;
my @READ = (401, 401, 401, 200, 200);
my %table = (
    (map { ("GET $_" => \@HEALTH) } qw(/ /assets/style.css /livez /healthz /readyz)),
    'GET /assets/{}' => [ (404) x 5 ],
    'GET /readyz?verbose' => \@READ,
    'GET /metrics' => \@READ,
    'GET /v1/cluster' => \@READ,
    'GET /v1/overview' => \@READ,
    'GET /v1/history' => \@READ,
    'GET /v1/events' => \@READ,
    'GET /v1/nodes' => \@READ,
    'GET /v1/analyzers' => \@READ,
    'GET /v1/analyzers/{}' => \@READ,
    'PUT /v1/analyzers/{}' => [ 401, 401, 401, 200, 200 ],
    'POST /v1/analyzers/{}/heartbeat' => [ 401, 401, 401, 200, 200 ],
    'PATCH /v1/analyzers/{}' => [ 401, 401, 401, 401, 200 ],
    'DELETE /v1/analyzers/{}' => [ 401, 401, 401, 200, 200 ],
    'GET /nowhere' => [ (404) x 5 ],
    'PATCH /v1/analyzers' => [ (405) x 5 ],
    'OPTIONS /v1/analyzers' => [ (405) x 5 ],
);
my %ingest = (
    (map { ("POST $_" => [ 401, 401, 202, 401, 401 ]) } qw(/ingest /v1/ingest /logs /message/send)),
    (map { ("GET $_" => \@HEALTH) } qw(/livez /healthz /readyz)),
    'GET /ingest' => [ (405) x 5 ],
    'GET /v1/cluster' => [ (404) x 5 ],
);
my %body = (
    PUT => { url => 'http://127.0.0.1:9/ingest', weight => 0, instance => 'i1', ttl_ms => 60000 },
    PATCH => { weight => 1 },
    DELETE => { instance => 'i1' },
    'POST admin' => { instance => 'i1' },
    'POST ingest' => { messages => ['secret-message'] },
);

# One request of the table. What it changes is put back, so that each finds the same analyzer.
sub try_route ($node, $port, $route, $who) {
    my ($method, $path) = split / /, $route;
    my $url = $node->{$port} . ($path =~ s/\{\}/a2/r);
    as('admin', PUT => "$node->{admin}/v1/analyzers/a2", $body{PUT}) if $path =~ /\{\}/ && $method ne 'PUT';
    return as($who, $method, $url, $body{"$method $port"} // $body{$method});
}

sub is_safe ($answer, $title) {
    my $headers = $answer->{headers};
    is_deeply([ @$headers{qw(x-content-type-options referrer-policy cache-control)} ], 
        [ qw(nosniff no-referrer), $headers->{'content-type'} =~ /css/ ? 'no-cache' : 'no-store' ],
        "$title: a browser keeps to what it is told");
    like($headers->{'content-security-policy'}, qr/^default-src 'none';/, "$title: and runs nothing");
    is_deeply([ grep { /^access-control/ } keys %$headers ], [], "$title: no other origin may read it");
}

sub check ($node, $port, $table, %but) {
    state $n = 0;
    for my $route (sort keys %$table) {
        from('127.0.' . int(1 + ++$n / 250) . '.' . (1 + $n % 250));
        my @wanted = @{ $but{$route} // $table->{$route} };
        my @answers = map { try_route($node, $port, $route, $_) } @OPEN;
        is_deeply([ map { $_->{status} } @answers ], \@wanted, "$port: $route: nobody, wrong, ingest, register, admin: @wanted");
        my @refused = grep { $_->{status} == 401 } @answers;
        is_deeply([ map { $_->{headers}{'www-authenticate'} } @refused ], [ ('Bearer') x @refused ], "$port: $route: 401 says how")
            if @refused;
        is_deeply([ map { $_->{json}{code} } @refused ], [ ('unauthorized') x @refused ], "$port: $route: and why") if @refused;
        is_safe($_, "$port: $route $_->{status}") for $port eq 'admin' ? @answers[ 0, 4 ] : ();
    }
}

my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0' ], name => 'a1');
my $addr = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
my $node = node($redis, all_tokens, '--admin-read', 'token', '--log-level', 'debug');
as('register', PUT => "$node->{admin}/v1/analyzers/a1", { url => "http://$addr/ingest", weight => 1, ttl_ms => 600000 });
$node->wait_log(qr/msg="analyzer known" .*analyzer=a1 /);
my ($index) = ask(GET => "$node->{admin}/")->{content};
is_deeply([ grep { !$table{$_} } map { s/ +/ /r } grep { m{^[A-Z]+ +/} } split /\n/, $index ], [], 'the table has every route there is');

check($node, admin => \%table);
check($node, ingest => \%ingest);
like($node->log, qr/msg="request refused" .*client=127\.\S+ method=DELETE path=\S*a2 status=401 reason=unauthorized/, 'a refusal is logged');
is_deeply([ grep { $node->log =~ /\Q$_/ } values %token, 'secret-message' ], [], 'no log shows a token or a body');

my %without = map { $_ => [ (200) x 5 ] } grep { $table{$_} == \@READ } keys %table;
my $open_read = node($redis, all_tokens);
check($open_read, admin => \%table, %without);
my $free = node($redis);
check($free, admin => \%table, %without, map { $_ => [ (200) x 5 ] } grep { $table{$_}[0] == 401 } keys %table);
check($free, ingest => \%ingest, map { $_ => [ (202) x 5 ] } grep { /^POST/ } keys %ingest);

done_testing;
