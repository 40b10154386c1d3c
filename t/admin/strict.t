# Bodies and paths at the admin port are read strictly: what is refused changes nothing, and says what is wrong.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Raw;
use Weir::Test;
use Weir::Tokens;

alarm 450;
my $redis = Weir::Redis->new;
my $node = node($redis);
my $path = '/v1/analyzers/a';
my %at = (url => 'http://127.0.0.1:9/ingest', weight => 1, ttl_ms => 600000);
is(ask(PUT => "$node->{admin}$path", \%at)->{status}, 201, 'an analyzer registers');
my $before = ask(GET => "$node->{admin}$path")->{json};

sub is_refused ($answer, $code, $like, $title) {
    is("$answer->{status} " . ($answer->{json}{code} // ''), "400 $code", "$title: refused");
    like($answer->{json}{detail} // '', $like, "$title: it says why");
}

my $place = '"url":"http://127.0.0.1:9/ingest"';
my %bad = (
    'garbage behind it' => '{"weight":2}x', 'another document' => '{"weight":2}{}', 'a byte order mark' => "\xef\xbb\xbf{\"weight\":2}",
    'invalid UTF-8' => "{\"fault\":\"\xff\"}", 'a number with a bare point' => '{"weight":5.}', 'a leading zero' => '{"weight":01}',
    'a plus sign' => '{"weight":+1}', 'a comma too many' => '{"weight":2,}', 'a raw tab' => "{\"fault\":\"\t\"}",
);
is_refused(http(PATCH => "$node->{admin}$path", $bad{$_}), 'bad_json', qr/one JSON object/, $_) for sort keys %bad;
is_refused(http(PATCH => "$node->{admin}$path", '{"fault":"a\u0000b"}'), 'bad_json', qr/\\u0000/, 'a NUL in a string');
is_refused(http(PUT => "$node->{admin}$path", '{"url":"http://127.0.0.1:9/\u0000x","weight":1}'), 'bad_json', qr/\\u0000/, 'a NUL in a URL');
is_refused(http(PUT => "$node->{admin}$path", "{$place,\"wieght\":2}"), 'bad_field', qr/"wieght": did you mean "weight"\?/, 'a misspelt field');
is_refused(http(PATCH => "$node->{admin}$path", '{"colour":2}'), 'bad_field', qr/no field "colour"/, 'an unknown field');
is_refused(http(PATCH => "$node->{admin}$path", '{"weight":2,"weight":3}'), 'bad_field', qr/twice/, 'a field that is there twice');
is_refused(http(POST => "$node->{admin}$path/heartbeat", '{"instance":"x","proccessed":1}'), 'bad_field', qr/did you mean "processed"/, 'of a heartbeat');
is_refused(http(POST => "$node->{admin}/v1/dead/purge", '{"al":true}'), 'bad_field', qr/did you mean "all"/, 'of a purge');
is_refused(ask(PUT => "$node->{admin}/v1/analyzers/a%00zzz", \%at), 'bad_path', qr/%00/, 'a NUL in a path');
is_refused(ask(PUT => "$node->{admin}/v1/analyzers/a%zz", \%at), 'bad_path', qr/broken/, 'a broken escape');
is(ask(GET => "$node->{admin}/livez%00")->{status}, 404, 'nor is a path cut at a NUL');
is(ask(GET => "$node->{admin}/v1/analyzers/%61")->{status}, 200, 'an escape that was not needed is read');

delete @$_{qw(heartbeat_age_ms)} for $before, my $after = ask(GET => "$node->{admin}$path")->{json};
is_deeply($after, $before, 'nothing of that changed anything');

# As on the ingest port.
for my $case ([ "GET http://weir/livez HTTP/1.1\r\nHost: weir\r\n\r\n" => 200 ], [ "OPTIONS * HTTP/1.1\r\nHost: weir\r\n\r\n" => 204 ],
    [ "GET /livez HTTP/1.1\r\n\r\n" => 400 ], [ "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" => 400 ],
    [ "GET /livez HTTP/1.0\r\n\r\n" => 200 ], [ "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n" => 505 ],
    [ "PUT $path HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" => 413 ], [ "POST /v1/dead/purge HTTP/1.1\r\nHost: a\r\n\r\n" => 411 ]) {
    my $client = Weir::Raw->connect($node->{admin} =~ s{^http://}{}r);
    $client->send($case->[0]);
    is($client->answer->{status}, $case->[1], $case->[0] =~ s/\r\n.*//sr . ": $case->[1]");
}
is($node->end, 0, 'the node ends well');
done_testing;
