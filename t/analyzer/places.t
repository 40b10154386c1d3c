# Where an analyzer may say it lives: registering turns no node against hosts that are none of its business.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;
use Weir::Tokens;

alarm 600;
my $redis = Weir::Redis->new;
my $n = 0;
sub register ($node, $url, %more) {
    return ask(PUT => "$node->{admin}/v1/analyzers/a" . ++$n, { url => $url, weight => 1, ttl_ms => 600000, %more });
}

# url -> what the reason names.
my $node = node($redis);
my %refused = (
    'http://169.254.169.254/latest/meta-data/' => '169.254.169.254: the address is link-local, where clouds keep their metadata',
    'https://169.254.169.254/' => '169.254.169.254',
    'http://169.254.170.2/' => '169.254.170.2',
    'http://[fd00:ec2::254]/' => 'fd00:ec2::254: the address is a metadata service',
    'http://[fe80::1]/' => 'fe80::1: the address is link-local',
    'http://100.100.100.200/' => '100.100.100.200',
    'http://8.8.8.8/ingest' => '8.8.8.8: the address is not in the list',
    'http://8.8.8.8:9001' => '8.8.8.8',
    'http://172.32.0.1/' => '172.32.0.1',
    'http://[2001:db8::1]:9001/ingest' => '2001:db8::1',
    'http://2852039166/' => '169.254.169.254, which is meant by 2852039166',
    'http://0xa9fea9fe/' => '169.254.169.254, which is meant by 0xa9fea9fe',
    'http://0xA9.0xFE.0xA9.0xFE/' => '169.254.169.254',
    'http://0251.0376.0251.0376/' => '169.254.169.254',
    'http://169.254.43518/' => '169.254.169.254',
    'http://134744072/' => '8.8.8.8',
    'http://[::ffff:169.254.169.254]/' => '::ffff:169.254.169.254',
    'http://[::ffff:a9fe:a9fe]/' => '::ffff:169.254.169.254',
    'http://[::ffff:8.8.8.8]/' => '::ffff:8.8.8.8',
    'http://[64:ff9b::a9fe:a9fe]/' => '64:ff9b::a9fe:a9fe',
    'http://[::169.254.169.254]/' => '::169.254.169.254',
    'http://0.0.0.0:8080/' => '0.0.0.0',
    'http://0/' => '0.0.0.0',
    'http://[::]/' => '::',
    'http://224.0.0.1/' => '224.0.0.1: the address is multicast',
    'http://255.255.255.255/' => '255.255.255.255',
);
for my $url (sort keys %refused) {
    my $answer = register($node, $url);
    is("$answer->{status} $answer->{json}{code}", '403 address_not_allowed', "$url is refused");
    like($answer->{json}{detail}, qr/^url: no analyzer may live at \Q$refused{$url}\E.* See the option analyzer-allow\.$/, 'the reason names it');
    is($answer->{headers}{'content-type'}, 'application/problem+json', 'as a problem');
}
my %bad = (
    'http://2130706433/' => 'write the address 2130706433 as 127.0.0.1',
    'http://0177.0.0.1/' => 'write the address 0177.0.0.1 as 127.0.0.1',
    'http://127.1:9001/' => 'write the address 127.1 as 127.0.0.1',
    'http://user@127.0.0.1/' => 'without user@',
    'http://127.0.0.1@169.254.169.254/' => 'without user@',
    'http://127.0.0.1:80@169.254.169.254/' => 'without user@',
    'http://127.0.0.1\\@169.254.169.254/' => 'without user@',
    'http://%31%36%39.254.169.254/' => 'neither an address nor a host name',
    'http://169.254.169.254./' => 'neither an address nor a host name',
    'http://1.2.3.4.5/' => 'neither an address nor a host name',
    'http://a.0x7f/' => 'neither an address nor a host name',
    'http://a..b/' => 'neither an address nor a host name',
    "http://\x{ff11}\x{ff16}\x{ff19}.254.169.254/" => 'neither an address nor a host name',
    'http://*/' => 'neither an address nor a host name',
    "http://127.0.0.1\r\nX: y/" => 'without user@',
    'ftp://127.0.0.1/' => 'http(s)://',
    'file:///etc/passwd' => 'http(s)://',
    'gopher://127.0.0.1:6379/_FLUSHALL' => 'http(s)://',
    'http:///' => 'http(s)://',
);
for my $url (sort keys %bad) {
    my $answer = register($node, $url);
    is("$answer->{status} $answer->{json}{code}", '400 bad_field', 'what programs may read in different ways is refused: ' . ($url =~ s/[^ -~]/?/gr));
    like($answer->{json}{detail}, qr/\Q$bad{$url}\E/, 'with the reason');
}
for my $url (qw(http://nobody.invalid/ http://metadata.nobody.invalid:80/x)) {
    my $answer = register($node, $url);
    is("$answer->{status} $answer->{json}{code}", '400 address_unknown', "$url cannot be judged");
    like($answer->{json}{detail}, qr/nobody\.invalid cannot be resolved here \(.+analyzer-allow/, 'and the reason says so');
}
is(scalar @{ ask(GET => "$node->{admin}/v1/analyzers")->{json}{analyzers} }, 0, 'none of all these is known now');
like($node->log, qr/level=warn .*msg="registration refused" .*analyzer=a\d+ client=127\.0\.0\.1 reason="url: no analyzer may live at 8\.8\.8\.8/,
    'the log has them');

for my $url (qw(http://127.0.0.1:9/ http://127.8.9.10:9/ http://10.1.2.3:9/x http://172.31.0.1/ http://192.168.0.1:80/?a=b http://[::1]:9/
    http://[fd12::1]/ http://[::ffff:127.0.0.1]:9/ https://10.1.2.3/ http://localhost:9/ingest)) {
    is(register($node, $url, weight => 0)->{status}, 201, "$url is taken");
}

done_testing;
