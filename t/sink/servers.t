# rsyslog, syslog-ng and graygelf, which are no servers of ours, get every message once, as it has to be.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Agents;
use Weir::SinkTest;
use Weir::Test;

alarm 300;
my $tools = Weir::Agents::tools();
my $root = "$tools/debian";
my $sent = messages(n_messages);
my $libraries = 'LD_LIBRARY_PATH=' . join ':', grep { -d } glob "$root/usr/lib/*-linux-gnu $root/usr/lib/syslog-ng $root/lib/*-linux-gnu";

sub file ($name, $text) {
    my $path = folder . "/$name";
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file;
    return $path;
}

sub accepts ($port) {
    wait_until { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) } 20, "something to listen on $port";
}

sub arrives ($name, $analyzer, $out, @options) {
    deliver($analyzer, $sent);
    wait_until { (() = slurp($out) =~ /\n/g) >= $sent->{n} } 20, "$name to write all messages";
    my $got = arrived($sent, as_received($out, @options));
    is($got->{missing}, 0, "$name: every message arrives");
    is($got->{twice}, 0, 'once');
    is_deeply([ @{ $got->{wrong} }, @{ $got->{errors} } ], [], 'as it has to be');
}

SKIP: {
    my ($program, $modules) = map { (glob "$root$_")[0] // '' } '/usr/sbin/rsyslogd', '/usr/lib/*/rsyslog';
    skip 'there is no rsyslog', 3 if !-x $program;
    my ($port, $out) = (free_port, folder . '/rsyslog.out');
    my $conf = file('rsyslog.conf', <<~"END");
        global(workDirectory="@{[ folder ]}" net.enableDNS="off" maxMessageSize="64k")
        module(load="imptcp")
        template(name="raw" type="string" string="%rawmsg%\\n")
        ruleset(name="r") { action(type="omfile" file="$out" template="raw") }
        input(type="imptcp" address="127.0.0.1" port="$port" ruleset="r" supportOctetCountedFraming="off" addtlFrameDelimiter="0")
        END
    my $process = Weir::Process->start([ 'env', $libraries, $program, '-n', '-M', $modules, '-f', $conf, '-i', folder . '/rsyslog.pid' ], name => 'rsyslog');
    accepts($port);
    arrives('rsyslog over TCP', sink_analyzer("gelf+tcp://127.0.0.1:$port", '--sink-outbox', folder . '/rsyslog.outbox'), $out);
}

SKIP: {
    my ($program, $modules) = map { (glob "$root$_")[0] // '' } '/usr/sbin/syslog-ng', '/usr/lib/syslog-ng/*/';
    skip 'there is no syslog-ng', 3 if !-x $program;
    my ($port, $out) = (free_port, folder . '/syslog-ng.out');
    my $conf = file('syslog-ng.conf', <<~"END");
        \@version: current
        options { stats-freq(0); log-msg-size(65536); };
        source s { network(ip("127.0.0.1") port($port) transport("tcp") flags(no-parse) max-connections(100)); };
        destination d { file("$out" template("\$MESSAGE\\n")); };
        log { source(s); destination(d); flags(flow-control); };
        END
    my $process = Weir::Process->start([ 'env', $libraries, $program, '-F', '-e', '--no-caps', '-f', $conf, '-p', folder . '/sng.pid', '-c', folder . '/sng.ctl',
        '-R', folder . '/sng.persist', "--module-path=$modules" ], name => 'syslog-ng');
    accepts($port);
    arrives('syslog-ng over TCP', sink_analyzer("gelf+tcp://127.0.0.1:$port"), $out);
}

SKIP: {
    my ($graygelf) = grep { defined && -d } $ENV{WEIR_GRAYGELF}, "$tools/node_modules/graygelf";
    skip 'graygelf is not installed: name its folder in WEIR_GRAYGELF', 3 if !$graygelf;
    my ($port, $out) = (free_port, folder . '/graygelf.out');
    my $script = file('graygelf.js', <<~"END");
        const fs = require('fs'), server = require('$graygelf/server')();
        server.on('message', message => fs.appendFileSync('$out', JSON.stringify(message) + '\\n'));
        server.listen($port, '127.0.0.1');
        server._udp.on('listening', () => { server._udp.setRecvBufferSize(4 << 20); console.log('listening'); });
        END
    my $process = Weir::Process->start([ 'node', $script ], name => 'graygelf', stdout => folder . '/graygelf.up');
    wait_until { slurp(folder . '/graygelf.up') =~ /listening/ } 20, 'graygelf';
    arrives('graygelf over UDP', sink_analyzer("gelf+udp://127.0.0.1:$port", '--sink-udp-rate', 2000), $out, '--floats');
    $process->kill_now;
}
done_testing;
