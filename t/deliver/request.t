# An analyzer with accepts=request gets each packet as its agent sent it: method, path, query, media type and bytes. Only what
# was compressed comes unpacked. weir-analyzer counts all of them, at any path.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Uncompress::AnyInflate qw(anyinflate);
use JSON::PP qw(decode_json encode_json);
use Test::More;
use Weir::Base qw(folder slurp);
use Weir::Cluster;
use Weir::FakeServer;
use Weir::Raw;
use Weir::Test;

alarm 450;
my $file = folder . '/requests';
my $server = Weir::FakeServer->start(sub ($n, $body, $path) {
    return { status => 200 } if $path eq '/deep/health';
    open my $out, '>>', $file or die "$file: $!";
    print $out encode_json({ path => $path, head => $Weir::FakeServer::head, body => unpack 'H*', $body }), "\n";
    close $out;
    return { status => 204 };
});
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my $node = $cluster->node(1);
my $register = sub ($id, $url) { http(PUT => "$node->{admin}/v1/analyzers/$id", { url => $url, weight => 1, accepts => 'request', ttl_ms => 600_000 })->{status} };
is($register->('a1', $server->url('/deep/*')), 201, 'an analyzer may say that it takes requests');
$cluster->wait_known('a1');
is(http(GET => "$node->{admin}/v1/analyzers/a1")->{json}{accepts}, 'request', 'and the pool knows it');

# One literal after the other, and copies of what came before.
sub unsnap ($in) {
    my ($out, $at) = ('', 0);
    1 while ord(substr $in, $at++, 1) & 0x80;
    while ($at < length $in) {
        my $tag = ord substr $in, $at++, 1;
        my ($kind, $len) = ($tag & 3, ($tag >> 2) + 1);
        if ($kind == 0) {
            if ($len > 60) { my $n = $len - 60; $len = unpack('V', substr($in, $at, $n) . "\0\0\0\0") + 1; $at += $n }
            $out .= substr $in, $at, $len;
            $at += $len;
            next;
        }
        my ($n, $offset) = ($kind == 1 ? 1 : $kind == 2 ? 2 : 4);
        $offset = unpack 'V', substr($in, $at, $n) . "\0\0\0\0";
        if ($kind == 1) { $offset |= ($tag >> 5) << 8; $len = (($tag >> 2) & 7) + 4 }
        $at += $n;
        $out .= substr $out, -$offset, 1 for 1 .. $len;
    }
    return $out;
}

# The bytes of a recorded body, without chunks and compression.
sub plain ($head, $body, $path) {
    if ($head =~ /^transfer-encoding:.*chunked/mi) {
        my ($rest, $all) = ($body, '');
        while ($rest =~ s/\A([0-9a-f]+)[^\r]*\r\n//i && hex $1) { $all .= substr $rest, 0, hex $1, ''; substr $rest, 0, 2, '' }
        $body = $all;
    }
    $body =~ s/\A\xEF\xBB\xBF//; # nodes pass a byte order mark over
    return unsnap($body) if $head =~ /^content-encoding: *snappy/mi || ($path =~ /push$/ && $body !~ /\A[\{\x78]/);
    my $copy = $body;
    return $body if $body !~ /\A(?:\x1f\x8b|\x78[\x01\x5e\x9c\xda])/;
    anyinflate(\$copy => \my $out) or return $body;
    return $out;
}

my (@sent, $n_messages);
for my $folder ("$Bin/../wire", "$Bin/../../../shared/wire") {
    my $expected = -e "$folder/expected.json" ? decode_json(slurp("$folder/expected.json")) : {};
    for my $name (grep { /\.req$/ && $expected->{$_}{messages} } sort keys %$expected) {
        my $bytes = slurp("$folder/$name");
        my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
        my ($method, $target) = $head =~ /\A(\S+) (\S+)/;
        my ($type) = $head =~ /^content-type: *(.*?)\r?$/mi;
        my $client = Weir::Raw->connect($node->{ingest});
        $client->send($bytes);
        my $answer = $client->answer;
        $answer = $client->answer if $answer->{status} == 100;
        push @sent, [ $name, $method, $target, $type, plain($head, $body, $target =~ s/\?.*//r), $answer->{status} ];
        $n_messages += $expected->{$name}{messages};
    }
}
my @got = map { decode_json($_) } split /\n/, slurp($file);
is(scalar @got, scalar @sent, 'each request arrives once, and alone');
for (0 .. $#sent) {
    my ($name, $method, $target, $type, $body, $status) = $sent[$_]->@*;
    my $got = $got[$_] or last;
    my $bytes = pack 'H*', $got->{body};
    $bytes = unsnap($bytes) if $got->{head} =~ /^Weir-Format: loki-proto\r$/m;
    like($status, qr/^20[024]$/, "$name is acknowledged");
    is("$got->{path}", "/deep$target", '... and arrives with its path and query');
    like($got->{head}, qr/\A$method /, '... by its method');
    is($got->{head} =~ /^Content-Type: (.*)\r$/m ? $1 : undef, $type, '... with its media type') if defined $type;
    ok($bytes eq $body, '... and its bytes');
}
my $client = Weir::Raw->connect($node->{ingest});
$client->send(request(POST => '/ingest', '{"a":1}', 'X-Scope-OrgID: shop 7', 'Content-Type: application/json'));
is($client->answer->{status}, 202, 'plain JSON of a tenant is taken');
like(decode_json((split /\n/, slurp($file))[-1])->{head}, qr/^X-Scope-OrgID: shop 7\r$/m, 'and the tenant is passed on');

$cluster->start_analyzer('a2', 1, '--accepts', 'request');
$cluster->wait_known('a2');
http(PATCH => "$node->{admin}/v1/analyzers/a1", { state => 'disabled' });
wait_until { !grep { $_->{id} eq 'a1' && $_->{share} } $cluster->cluster->{analyzers}->@* } 10, 'a1 to get nothing more';
for my $name (map { $_->[0] } @sent) {
    my ($folder) = grep { -e "$_/$name" } "$Bin/../wire", "$Bin/../../../shared/wire";
    my $raw = Weir::Raw->connect($node->{ingest});
    $raw->send(slurp("$folder/$name"));
    my $answer = $raw->answer;
    $raw->answer if $answer->{status} == 100;
}
is(metrics($node)->{'weir_delivered_messages_total{analyzer="a2"}'}, $n_messages, 'weir-analyzer takes all formats, at their paths');
my $stats = http(GET => 'http://' . $cluster->analyzer('a2')->{addr} . '/stats')->{json};
is($stats->{messages}, $n_messages, 'and counts their messages');
is($stats->{packets}, scalar @sent, 'each of them alone');
is(scalar(() = slurp($cluster->{records}[0][1]) =~ /\n/g), scalar @sent, 'and records each as one line of JSON');
is(http(GET => "$node->{admin}/v1/dead")->{json}{packets}, 0, 'none was refused');
done_testing;
