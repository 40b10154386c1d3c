# A node tells its configuration at the admin port, as --print-config does: each option, its value, where it is from, and no secret.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 120;
my $redis = Weir::Redis->new;
my $file = folder . '/node.conf';
sub configure ($text) { open my $out, '>', $file or die "$file: $!"; print {$out} $text; close $out or die }
configure("# of the test\npool = blue\ningest-token = $token{ingest}\nlog-level = info\n");
local $ENV{WEIR_NODE_MAX_BODY} = '2MiB';
local $ENV{WEIR_NODE_ADMIN_TOKEN} = $token{admin};
local $ENV{WEIR_NODE_FORWARD_KEY} = 'forward-key-8812-aa';
my @options = ('--config', $file, '--admin-read', 'token', '--register-token', $token{register}, '--admin-hosts', 'weir.test');
my $node = node($redis, @options);
my $url = "$node->{admin}/v1/config";

is(as('-', GET => $url)->{status}, 401, 'with admin-read=token nobody reads it without a token');
is(as('ingest', GET => $url)->{status}, 401, 'nor with that of an agent');
my $answer = as('admin', GET => $url);
is($answer->{status}, 200, 'an operator reads it');
is($answer->{json}{node}, 'n1', 'of the node that is asked');
my %option = map { $_->{name} => $_ } @{ $answer->{json}{options} };
sub told ($name) { my $o = $option{$name}; return join ' ', $o->{value} // 'null', $o->{origin}, $o->{source} }
is(told('pool'), "blue file $file:2", 'what is in the file is told with its line');
is(told('max-body'), '2MiB env WEIR_NODE_MAX_BODY', 'what is in the environment with its variable');
is(told('admin-read'), 'token flag --admin-read', 'what is a flag with the flag');
is(told('ack'), 'delivered default default', 'what nobody set as the default');
is(told('emitter-url'), 'null default default', 'and what has no value as not set');

my @secret = map { $_->{name} } grep { $_->{secret} && defined $_->{value} } @{ $answer->{json}{options} };
is_deeply([ sort @secret ], [qw(admin-token forward-key ingest-token redis register-token)], 'secrets are known as such');
is_deeply([ grep { $option{$_}{value} ne '********' } @secret ], [], 'and masked');
unlike($answer->{content}, qr/\Q$_\E/, 'none of them is anywhere in the answer') for values %token, $ENV{WEIR_NODE_FORWARD_KEY}, $redis->url;

# The line that --print-config has of it.
sub line ($o) {
    return "# $o->{name} is not set  # $o->{source}" if !defined $o->{value};
    my $value = $o->{value} =~ /\A\z|[ \t\r\n#"\\]/ ? '"' . $o->{value} =~ s/(["\\])/\\$1/gr . '"' : $o->{value};
    return ($o->{secret} ? '# ' : '') . "$o->{name} = $value  # $o->{source}";
}
my @same = ('--node-id', 'n1', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--redis', $redis->url, '--workers', 1, '--drain-delay', '0ms');
my $printed = run('weir-node', '--print-config', @same, @options)->{stdout};
is_deeply([ map { line($_) } @{ $answer->{json}{options} } ], [ split /\n/, $printed ], 'it has the lines of --print-config, and no other');

configure("pool = green\nlog-level = warn\ningest-token = $token{ingest}\n");
$node->signal('HUP');
wait_until { %option = map { $_->{name} => $_ } @{ as('admin', GET => $url)->{json}{options} }; told('log-level') eq "warn file $file:2" } 10, 'the new log level to be told';
is(told('pool'), "blue file $file:2", 'after a reload, what needs a restart is told as the node runs with it');
done_testing;
