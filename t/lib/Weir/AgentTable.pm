package Weir::AgentTable;

# Each agent: the page of docs/agents/ with its configuration, how it is started with that, and in which format it sends.
#
#   page, block     the block ```LANGUAGE BLOCK of docs/agents/PAGE.md, and BLOCK-smallest if there is one; without `block` it has the agent's name
#   edit            what is different from the block
#   format          as weir_format_messages_total has it
#   start           sub ($agents, $run): the command
#   says            how often its event has the record [1]
#   stays           it does not end by itself
#   repeats         it sends again what met a broken connection
#   noise           lines of its log that are no errors
#   listener        syslog, gelf or forward: it sends to that listener, and not over HTTP
#   family          javascript, python, daemon or listener: those that one test runs together
#   package, deb    of npm or Debian, which says its version
use v5.36;
use JSON::PP qw(decode_json);
use Weir::Base qw(slurp);

my @order;
my %rows;

# Those of a family, or all that get answers; without those that this release of Debian does not have.
sub names ($family = undef) {
    return grep { is_here($_) && ($family ? $rows{$_}{family} eq $family : $rows{$_}{family} ne 'listener') } @order;
}
sub is_here ($name) {
    my $deb = $rows{$name}{deb};
    return !$deb || slurp(debian() . '/VERSIONS') =~ m{^\./\Q$deb\E_}m;
}
sub row ($name) { return $rows{$name} // die "there is no agent $name\n" }

sub agent ($name, %row) {
    push @order, $name;
    $rows{$name} = \%row;
    return;
}

sub version ($name) {
    my ($package, $deb) = @{ row($name) }{qw(package deb)};
    return (`logger --version` =~ /(\S+)$/)[0] if $name eq 'logger';
    return 'Python ' . (`/usr/bin/python3 --version` =~ /([\d.]+)/)[0] if !$package && !$deb;
    return (slurp(debian() . '/VERSIONS') =~ m{^\./\Q$deb\E_(?:\d+%3a)?([^_]+)_}m)[0] if $deb;
    return decode_json(slurp(Weir::Agents::tools() . "/node_modules/$package/package.json"))->{version};
}

# ---- JavaScript: the block, and behind it what logs and ends ----

my $each = <<'END';
const [, , name, count, gap] = process.argv;
async function each(log) {
	for (let i = 0; i < Number(count); i++) {
		log(`${name}-${String(i).padStart(4, '0')}`);
		await new Promise((go) => (Number(gap) ? setTimeout(go, Number(gap)) : setImmediate(go)));
	}
}
END

sub script ($drive) {
    return sub ($agents, $run) {
        my $block = $agents->configuration($run->{name}, $run->{addr});
        my $path = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'agent.mjs'), "$block\n$each\n$drive");
        return ('node', $path, @$run{qw(name count gap_ms)});
    };
}

my $otlp = script(<<'END');
import { diag, DiagConsoleLogger, DiagLogLevel } from '@opentelemetry/api';
diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
await each((body) => logger.emit({ body, severityText: 'INFO' }));
await provider.forceFlush();
await provider.shutdown();
END
my $pino = script(<<'END');
await each((record) => logger.info(record));
transport.end();
END
my $winston = script(<<'END');
for (const event of ['warn', 'error']) transport.on(event, (error) => console.error(event, error));
await each((record) => logger.info(record));
while (logger.writableLength + logger.readableLength + transport.writableLength) await new Promise((go) => setTimeout(go, 20));
logger.end();
END

sub npm ($name, $package, $page, $format, $start, %more) {
    agent($name, page => $page, format => $format, start => $start, package => $package, family => 'javascript', %more);
}

npm('otlp-proto', '@opentelemetry/exporter-logs-otlp-proto', 'opentelemetry', 'otlp-proto', $otlp, repeats => 1, block => 'otlp');
npm('otlp-json', '@opentelemetry/exporter-logs-otlp-http', 'opentelemetry', 'otlp-json', $otlp, repeats => 1, block => 'otlp', edit => sub ($text) { $text =~ s/-proto/-http/r });
npm('otlp-gzip', '@opentelemetry/exporter-logs-otlp-proto', 'opentelemetry', 'otlp-proto', $otlp, repeats => 1, block => 'otlp', edit => sub ($text) { $text =~ s{/v1/logs'}{$&, compression: 'gzip'}r });
npm('otlp-grpc', '@opentelemetry/exporter-logs-otlp-grpc', 'opentelemetry', 'otlp-grpc', $otlp);
npm('otlp-grpc-gzip', '@opentelemetry/exporter-logs-otlp-grpc', 'opentelemetry', 'otlp-grpc', $otlp, block => 'otlp-grpc', edit => sub ($text) { $text =~ s/8080'/$&, compression: 'gzip'/r });
npm('pino-loki', 'pino-loki', 'pino', 'loki-json', $pino);
npm('winston-http', 'winston', 'winston', 'json', $winston);
npm('winston-loki', 'winston-loki', 'winston', 'loki-json', $winston, repeats => 1);
npm('winston-elasticsearch', 'winston-elasticsearch', 'winston', 'bulk', $winston, repeats => 1);
npm('winston-splunk', 'winston-splunk-httplogger', 'winston', 'hec', $winston, says => 2);
npm('splunk-logging', 'splunk-logging', 'splunk', 'hec', script(<<'END'));
await each((message) => logger.send({ message }));
if (logger.serializedContextQueue.length) await new Promise((done) => logger.flush(done));
process.exitCode = 0;
clearInterval(logger._timerID);
END
npm('elastic-bulk', '@elastic/elasticsearch', 'elastic', 'bulk', script(<<'END'), repeats => 1);
const records = [];
await each((message) => records.push({ message }));
const done = await send(records);
if (done.failed || done.successful !== Number(count)) console.error(done);
END

# A program that writes its log to stdout, and the agent behind a pipe.
my $piped = sub ($agents, $run) {
    my $app = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'app.mjs'),
        "import pino from 'pino';\nconst logger = pino();\n$each\nawait each((record) => logger.info(record));\n");
    my $line = $agents->configuration($run->{name}, $run->{addr});
    $line =~ s{node app\.js}{node $app $run->{name} $run->{count} $run->{gap_ms}};
    $line =~ s{npx }{$run->{folder}/node_modules/.bin/};
    return ('bash', '-c', "set -o pipefail; $line");
};
npm('pino-http-send', 'pino-http-send', 'pino', 'json', $piped, repeats => 1);
npm('pino-elasticsearch', 'pino-elasticsearch', 'pino', 'bulk', $piped);

# ---- Python ----

sub python ($drive) {
    return sub ($agents, $run) {
        my $block = $agents->configuration($run->{name}, $run->{addr});
        my $path = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'agent.py'), <<"END");
import sys, time
$block
name, count, gap = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000


def records():
    for i in range(count):
        yield '%s-%04d' % (name, i)
        time.sleep(gap)


$drive
END
        return ('env', libraries(), 'PYTHONPATH=' . Weir::Agents::tools() . '/debian/usr/lib/python3/dist-packages', '/usr/bin/python3', $path,
            @$run{qw(name count gap_ms)});
    };
}
my $python_logging = python("for record in records():\n    logger.info(record)");
agent('python-http', page => 'python', family => 'python', format => 'form', start => $python_logging);
agent('graypy-http', page => 'python', family => 'python', deb => 'python3-graypy', format => 'gelf', start => $python_logging);
agent('python-grpc', page => 'opentelemetry', family => 'python', deb => 'python3-grpcio', format => 'otlp-grpc', repeats => 1, start => python(<<'END'));
some = []
for record in records():
    some.append(record)
    if len(some) == 50:
        send(some)
        some = []
send(some)
END
agent('python-elasticsearch', page => 'python', family => 'python', deb => 'python3-elasticsearch', format => 'bulk', start => python('send(records())'));

# ---- Debian's daemons: the records come over a socket of the agent's own ----

my $feed = <<'END';
import socket, sys, time
path, name, count, gap = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]) / 1000
deadline = time.time() + 60
while True:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.connect(path)
        break
    except OSError:
        if time.time() > deadline:
            raise
        time.sleep(0.02)
for i in range(count):
    stream.sendall(b'<14>Nov 29 01:02:03 shop app[7]: %s-%04d\n' % (name.encode(), i))
    time.sleep(gap)
END

sub debian () { return Weir::Agents::tools() . '/debian' }

sub libraries () {
    my $root = debian;
    return 'LD_LIBRARY_PATH=' . join ':', grep { -d } glob "$root/usr/lib/*-linux-gnu $root/usr/lib/*-linux-gnu/systemd $root/usr/lib/syslog-ng $root/lib/*-linux-gnu $root/lib/systemd";
}

sub found (@patterns) { return (grep { -e } map { glob debian . $_ } @patterns)[0] // die "@patterns: not there\n" }

# The command, with the records fed into the socket `in` of its folder.
sub fed ($agents, $run, @command) {
    my $feeder = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'feed.py'), $feed);
    return ('env', libraries, 'bash', '-c', '/usr/bin/python3 "$1" "$2" "$3" "$4" "$5" & shift 5; exec "$@"', 'bash', $feeder, "$run->{folder}/in",
        @$run{qw(name count gap_ms)}, @command);
}

# It is not installed, so a file of Debian 13's is not where it looks for it.
my $syslog_ng_noise = qr/smart-multi-line|Setting current version|Accepting connections|Disk-buffer state saved|Syslog connection established|syslog-ng (?:starting up|shutting down)/;
sub syslog_ng ($name, $format, %more) {
    agent($name, page => 'syslog-ng', family => 'daemon', deb => 'syslog-ng-core', format => $format, stays => 1, repeats => 1, noise => $syslog_ng_noise, %more, start => sub ($agents, $run) {
        my $conf = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'conf'), <<"END" . $agents->configuration($name, $run->{addr}) =~ s/disk-buffer\(/disk-buffer(dir("$run->{folder}") /r);
\@version: current
source s { unix-stream("$run->{folder}/in"); };
log { source(s); destination(d_weir); flags(flow-control); };
END
        return fed($agents, $run, found('/usr/sbin/syslog-ng'), '-F', '-e', '--no-caps', '-f', $conf, map({ ($_->[0], "$run->{folder}/$_->[1]") }
            [ '-p', 'pid' ], [ '-c', 'ctl' ], [ '-R', 'persist' ]), '--module-path=' . found('/usr/lib/*/syslog-ng/*/', '/usr/lib/syslog-ng/*/'));
    });
}
syslog_ng('syslog-ng-json', 'json');
syslog_ng('syslog-ng-ndjson', 'json-lines');
syslog_ng('syslog-ng-hec', 'hec');
syslog_ng('syslog-ng-bulk', 'bulk');

# Messages of severity 7 are for debugging.
sub rsyslog ($name, $format, %more) {
    agent($name, page => 'rsyslog', family => 'daemon', deb => 'rsyslog', format => $format, stays => 1, repeats => 1, noise => qr/^rsyslog internal message \(7,/, %more, start => sub ($agents, $run) {
        my $conf = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'conf'), <<"END" . $agents->configuration($name, $run->{addr}));
global(workDirectory="$run->{folder}" net.enableDNS="off")
module(load="imptcp")
input(type="imptcp" path="$run->{folder}/in")
END
        return fed($agents, $run, found('/usr/sbin/rsyslogd'), '-n', '-M', found('/usr/lib/*/rsyslog'), '-f', $conf, '-i', "$run->{folder}/pid");
    });
}
rsyslog('rsyslog-omelasticsearch', 'bulk');

# Entries in the export format become a journal, which is followed while it grows. The loop does what systemd does with Restart=always.
my $entries = <<'END';
import sys, time
name, count, gap = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000
for i in range(count):
    now = int(time.time() * 1000000)
    print('__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\nPRIORITY=6\nMESSAGE=%s-%04d\n' % (now, now, name, i), flush=True)
    time.sleep(gap)
END
agent('journal-upload', page => 'journald', family => 'daemon', deb => 'systemd-journal-remote', format => 'journal', stays => 1, repeats => 1, noise => qr/Finishing after writing/, start => sub ($agents, $run) {
    my $writer = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'entries.py'), $entries);
    my $line = $agents->configuration($run->{name}, $run->{addr}) =~ s{/var/lib/systemd/journal-upload/}{$run->{folder}/}r;
    my ($upload, $remote) = map { found("/usr/lib/systemd/$_", "/lib/systemd/$_") } 'systemd-journal-upload', 'systemd-journal-remote';
    chomp($line = $line =~ s{systemd-journal-upload}{$upload --file="\$1"}r);
    return ('env', libraries, 'bash', '-c', qq(/usr/bin/python3 "\$2" "\$3" "\$4" "\$5" | $remote -o "\$1" - & until [ -s "\$1" ]; do sleep 0.02; done; trap 'kill \$!; exit 0' TERM; while ! { $line & wait \$!; }; do sleep 1; done), 'bash', "$run->{folder}/it.journal",
        $writer, @$run{qw(name count gap_ms)});
});

# ---- over a listener of its own, and without an answer ----

my @listener = (family => 'listener');
sub logged ($drive) { return script("$drive\n") }

npm('gelf-pro-tcp', 'gelf-pro', 'gelf', 'gelf', logged(<<'END'), @listener, block => 'gelf-pro', listener => 'gelf');
let open = 0;
await each((record) => { open++; gelf.info(record, {}, (error) => { open--; if (error) console.error(error); }); });
while (open) await new Promise((go) => setTimeout(go, 20));
END
npm('gelf-pro-udp', 'gelf-pro', 'gelf', 'gelf', row('gelf-pro-tcp')->{start}, @listener, block => 'gelf-pro', listener => 'gelf',
    edit => sub ($text) { $text =~ s/'tcp'/'udp'/r });
npm('fluent-logger', 'fluent-logger', 'fluentd', 'forward', logged(<<'END'), @listener, listener => 'forward');
let open = 0;
await each((message) => { open++; sender.emit('log', { message }, (error) => { open--; if (error) console.error(error); }); });
while (open) await new Promise((go) => setTimeout(go, 20));
sender.end();
END
agent('graypy-tcp', page => 'python', @listener, deb => 'python3-graypy', format => 'gelf', start => $python_logging, listener => 'gelf');
agent('graypy-udp', page => 'python', @listener, block => 'graypy-tcp', deb => 'python3-graypy', format => 'gelf', start => $python_logging, listener => 'gelf',
    edit => sub ($text) { $text =~ s/GELFTCPHandler/GELFUDPHandler/r });
syslog_ng('syslog-ng-syslog', 'syslog', @listener, listener => 'syslog');
my $rsyslog_udp = sub ($text) { $text =~ s/protocol="tcp"(?: TCP_Framing="octet-counted")?/protocol="udp"/r };
rsyslog('rsyslog-omfwd-tcp', 'syslog', @listener, block => 'rsyslog-omfwd', listener => 'syslog');
rsyslog('rsyslog-omfwd-udp', 'syslog', @listener, block => 'rsyslog-omfwd', listener => 'syslog', edit => $rsyslog_udp);
agent('logger', page => 'journald', @listener, format => 'syslog', listener => 'syslog', start => sub ($agents, $run) {
    my $line = $agents->configuration($run->{name}, $run->{addr});
    my $app = $agents->write_file(join('/', (split m{/}, $run->{folder})[-1], 'app.py'), "import sys, time\n"
            . "for i in range(int(sys.argv[2])):\n    print('%s-%04d' % (sys.argv[1], i), flush=True)\n    time.sleep(float(sys.argv[3]) / 1000)\n");
    return ('bash', '-c', 'set -o pipefail; ' . $line =~ s{^app}{/usr/bin/python3 $app $run->{name} $run->{count} $run->{gap_ms}}r);
});

1;
