# The balancer of docker-compose.yml hides that a node is gone from agents, gives no node what another one died of, and
# answers for the nodes where none is there. Its own configuration, with two fake nodes in place of those that Docker's DNS knows.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Test::More;
use Weir::FakeServer;
use Weir::Test;

alarm 300;
plan skip_all => 'there is no haproxy' if !grep { -x "$_/haproxy" } split /:/, "$ENV{PATH}:/usr/sbin";
$ENV{PATH} .= ':/usr/sbin';

# What they do with a packet stands in its id. The first is asked first, as both are idle.
sub node ($name, %does) {
    return Weir::FakeServer->start(sub ($n, $body, $path) {
        return { status => 200 } if $path =~ m{^/(?:readyz|livez)$};
        my ($id) = $body =~ /^\{"id":"(\w+)/;
        return $does{ $id // '' } // { status => 202, headers => ["X-Node: $name"] };
    });
}
my %n1 = (drops => { drop => 1 }, hangs => { hang => 1 }, dies => { drop => 1 },
    busy => { status => 503, headers => ['Retry-After: 7', 'X-Node: n1'] }, bad => { status => 400, headers => ['X-Node: n1'] });
my @nodes = (node('n1', %n1), node('n2', hangs => { hang => 1 }, dies => { drop => 1 }));

my $config = slurp("$Bin/../../compose/haproxy.cfg");
my $servers = join '', map { "\tserver n$_ 127.0.0.1:$nodes[$_ - 1]{port}\n" } 1, 2;
$config =~ s/^\tserver-template .*\n/$servers/mg == 2 or die;
$config =~ s/ resolvers docker .*init-addr none// or die;
$config =~ s/balance leastconn/balance first/ or die;

# Nodes that DNS names before they listen: the balancer does not know that, until a check is due.
my @silent = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp') // die "socket: $!\n" } 1 .. 8; # bound alone
sub start_growing ($port) {
    my $servers = join '', map { "\tserver s$_ 127.0.0.1:" . $silent[ $_ - 1 ]->sockport . "\n" } 1 .. 8;
    my $text = slurp("$Bin/../../compose/haproxy.cfg");
    $text =~ s/^\tserver-template .*\n/$servers\tserver n 127.0.0.1:$nodes[1]{port}\n/mg == 2 or die;
    $text =~ s/ resolvers docker .*init-addr none// or die;
    $text =~ s/inter 500ms fastinter 200ms/inter 600s fastinter 600s/ or die;
    return start_balancer('growing', '60s', $text, 8080 => $port, 8081 => free_port);
}

# With ports of its own; a node that is silent for longer than $timeout hangs.
sub start_balancer ($name, $timeout, $text, %ports) {
    $text =~ s/timeout server \d+s/timeout server $timeout/ or die;
    $text =~ s/bind :$_/bind 127.0.0.1:$ports{$_}/ or die for 8080, 8081;
    my $file = folder . "/$name.cfg";
    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out;
    return Weir::Process->start([ 'haproxy', '-db', '-f', $file ], name => $name);
}
my ($ingest, $admin, $hasty) = (free_port, free_port, free_port);
my $haproxy = start_balancer('haproxy', '60s', $config, 8080 => $ingest, 8081 => $admin);
my $impatient = start_balancer('impatient', '500ms', $config, 8080 => $hasty, 8081 => free_port);

# Each on a connection of its own, but for those of $kept.
my $kept = HTTP::Tiny->new(timeout => 60);
sub packet ($id, $bytes = 0, $client = HTTP::Tiny->new(timeout => 60), $port = $ingest) {
    my $answer = $client->post("http://127.0.0.1:$port/ingest", { headers => { 'Content-Type' => 'application/json' },
        content => qq({"id":"$id","messages":[1],"pad":") . 'x' x $bytes . '"}' });
    $answer->{json} = eval { decode_json($answer->{content}) };
    return $answer;
}

# From 3.0 on, HAProxy closes the agent's connection when a reused connection to a node ends without an answer.
my ($major) = `haproxy -v` =~ /version (\d+)/;

# A 503 that agents wait for and repeat, in the form of Weir's own; or no answer at all, which agents repeat, too.
sub is_refusal ($answer, $title) {
    if ($major >= 3 && $answer->{status} == 599 && $answer->{content} =~ /end of stream/) {
        return pass("$title: the connection is closed");
    }
    is($answer->{status}, 503, $title);
    like($answer->{headers}{'retry-after'}, qr/^[12]$/, 'it says when to come again');
    is($answer->{headers}{'content-type'}, 'application/problem+json', 'in the form of a refusal');
    is($answer->{json}{status}, 503, 'which is JSON');
}

wait_until { packet('any')->{status} == 202 } 10, 'haproxy';
is(packet('any')->{headers}{'x-node'}, 'n1', 'a packet goes to a node');
is_refusal(packet('drops'), 'where that closes the connection without an answer it is 503, not 502');
is_refusal(packet('drops', 40_000), 'of 40 KB too');
is(packet('any', 3_000_000)->{status}, 202, 'one of 3 MB passes');
is_refusal(packet('drops', 3_000_000), 'and of 3 MB');
my $busy = packet('busy');
is("$busy->{status} $busy->{headers}{'retry-after'} $busy->{headers}{'x-node'}", '503 7 n1', 'a 503 of a node comes through as it is');
is(packet('bad')->{status}, 400, 'and a 400');
is(packet('any', 0, $kept)->{status}, 202, 'a connection is kept');
is(packet('drops', 0, $kept)->{status}, 599, 'where its node goes away it is closed, as HTTP has it');
wait_until { packet('any', 0, HTTP::Tiny->new(timeout => 60), $hasty)->{status} == 202 } 10, 'the impatient haproxy';
is_refusal(packet('hangs', 0, HTTP::Tiny->new(timeout => 60), $hasty), 'where a node hangs it is 503, not 504');
is(scalar(grep { /"(?:hangs|busy|bad|drops)"/ } $nodes[1]->bodies), 0, 'what a node has taken, refused or died of goes to no other');
for (1 .. 4) {
    my $answer = HTTP::Tiny->new(timeout => 10)->post("http://127.0.0.1:$admin/v1/dead/purge", { content => '{"id":"dies"}' });
    is($answer->{status}, 502, 'a node dies of a request to its admin port');
}
is(scalar(grep { /"dies"/ } map { $_->bodies } @nodes), 4, 'which no other node sees');

my $growing = start_growing(my $many = free_port);
wait_until { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$many") } 10, 'the growing haproxy';
is_deeply([ map { packet("grows$_", 0, HTTP::Tiny->new(timeout => 60), $many)->{status} } 1 .. 20 ], [ (202) x 20 ], 'nodes that do not listen yet are passed over');

$nodes[0]->stop;
is(packet('any')->{headers}{'x-node'}, 'n2', 'a node that is gone is not noticed');
$nodes[1]->stop;
wait_until { packet('any')->{content} =~ /No node is ready/ } 10, 'haproxy to see that nobody is there';
is_refusal(packet('any'), 'where no node is ready it is 503');
is(http(GET => "http://127.0.0.1:$admin/v1/cluster")->{status}, 503, 'on the admin port too');
is($_->kill_now, -9, $_->name . ' has lived to the end') for $haproxy, $impatient, $growing;
done_testing;
