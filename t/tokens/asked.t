# Who may do what: every route of both ports without a token, with a wrong one and with each right one.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Routes;
use Weir::Test;
use Weir::Tokens;

alarm 600;
my $redis = Weir::Redis->new;

# One request of the table. What it changes is put back, so that each finds the same analyzer.
sub try_route ($node, $port, $route, $who) {
    my ($method, $path) = split / /, $route;
    my $url = $node->{$port} . ($path =~ s/\{\}/Weir::Routes::hole($path, $node->name)/er);
    as('admin', PUT => "$node->{admin}/v1/analyzers/a2", $body{PUT}) if $path =~ /\{\}/ && $method ne 'PUT';
    return as($who, $method, $url, $body{$route} // $body{"$method $port"} // $body{$method});
}

sub is_safe ($answer, $title) {
    my $headers = $answer->{headers};
    is_deeply([ @$headers{qw(x-content-type-options referrer-policy cache-control)} ], 
        [ qw(nosniff no-referrer), ($headers->{'content-type'} // '') =~ /css|yaml/ ? 'no-cache' : 'no-store' ],
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
is_deeply([ grep { !$admin_routes{$_} } map { s/ +/ /r } grep { m{^[A-Z]+ +/} } split /\n/, $index ], [], 'the table has every route there is');

check($node, admin => \%admin_routes);
check($node, ingest => \%ingest_routes);
like($node->log, qr/msg="request refused" .*client=127\.\S+ method=DELETE path=\S*a2 status=401 reason=unauthorized/, 'a refusal is logged');
is_deeply([ grep { $node->log =~ /\Q$_/ } values %token, 'secret-message' ], [], 'no log shows a token or a body');

my %without = map { $_ => [ (200) x 5 ] } grep { $admin_routes{$_} == \@READ } keys %admin_routes;
my $open_read = node($redis, all_tokens);
check($open_read, admin => \%admin_routes, %without);
my $free = node($redis);
check($free, admin => \%admin_routes, %without, map { $_ => [ ($admin_routes{$_}[4]) x 5 ] } grep { $admin_routes{$_}[0] == 401 } keys %admin_routes);
check($free, ingest => \%ingest_routes, map { $_ => [ (202) x 5 ] } grep { /^POST/ } keys %ingest_routes);

done_testing;
