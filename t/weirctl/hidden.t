# What somebody wrote into Redis does not steer the terminal of whoever looks at it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Encode qw(encode_utf8);
use JSON::PP qw(decode_json);
use Test::More;
use Weir::Test;

alarm 450;
my $redis = Weir::Redis->new;
my $text = encode_utf8("e\x{9b}31m\x{2028}\x{202e}\r\nSet-Cookie: x\e]0;t\a");
my $hidden = qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]/;
my $instance = 'i' x 32;
$redis->script('register', 'default', $text, "http://127.0.0.1:1/$text", 1, 10_000, $instance,
    JSON::PP->new->encode({ accepts => 'batch', fault => "slow:$text", version => "v$text" }), -1, 0, '', '');
$redis->script('register', 'default', 'a1', 'http://127.0.0.1:1/', 1, 5000, 'j' x 32,
    JSON::PP->new->encode({ accepts => 'batch', fault => "slow:$text", version => "v$text" }), -1, 0, '', ''); # its lease ends: an event
$redis->script('bury', 'default', '{"messages":[1]}', 1, $text, 400, "n$text", 1e6, "id$text", 'application/json', 1767323045678);

sub ctl (@arguments) { return run('weirctl', '--redis', $redis->url, @arguments) }

for my $command ([qw(status)], [qw(status --json)], [qw(watch --count 1)], [qw(nodes)], [qw(events)], [qw(dead list)], [qw(dead list --json)],
    [qw(verify)], [ 'weight', "none$text", 2 ]) {
    my $run = ctl(@$command, $command->[0] eq 'events' ? qw(--count 1 --for 20s) : ());
    unlike("$run->{stdout}$run->{stderr}", $hidden, "weirctl @{[ map { s/\W.*//sr } @$command ]} shows nothing that steers");
}
like(ctl('dead', 'list')->{stdout}, qr/ e\?+31m\?+Set-Cookie: x/, 'in a table it is shown as question marks');
unlike(ctl('status')->{stdout}, qr/^e.*Set-Cookie/m, 'an analyzer whose id can be no id has no row');
like(ctl('status')->{stdout}, qr/left out.*: analyzer e\?+31m/, 'and status names it');
my ($entry) = ctl('dead', 'list')->{stdout} =~ /^(\d+-\d+)/m;
my $shown = ctl('dead', 'show', $entry);
unlike($shown->{stderr}, $hidden, 'nor does weirctl dead show');
is($shown->{stdout}, '{"messages":[1]}', 'a body goes into a pipe byte for byte');
done_testing;
