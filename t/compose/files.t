# What docker-compose.yml consists of is in order; t/compose/promises.t runs it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use JSON::PP;
use Test::More;
use Weir::Base qw(program_path);
use Weir::Test qw(folder slurp);

chdir "$Bin/../..";
my ($compose, $env) = (slurp('docker-compose.yml'), slurp('.env'));

# Exit status and all that was said.
sub quietly (@command) {
    my $said = folder . '/said';
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $said;
        open STDERR, '>&', \*STDOUT;
        exec @command or die "$command[0]: $!\n";
    }
    waitpid $pid, 0;
    return ($?, slurp($said));
}

sub has ($program) { return scalar grep { -x "$_/$program" } split /:/, $ENV{PATH} }

sub holds ($title, @command) {
    SKIP: {
        skip "there is no $command[0]", 1 if !has($command[0]);
        my ($status, $said) = quietly(@command);
        ok($status == 0, $title) or diag($said);
    }
}

my %used = map { $_ => 1 } $compose =~ /(?<!\$)\$\{(\w+)\}/g;
my (%knobs, @bare);
my $before = '';
for my $line (split /\n/, $env) {
    if ($line =~ /^(\w+)=/) {
        $knobs{$1}++;
        push @bare, $1 if $before !~ /^# \w/;
    }
    $before = $line;
}
is_deeply([ sort grep { !$knobs{$_} } keys %used ], [], 'each variable of docker-compose.yml is a knob in .env');

# In MiB; Redis refuses all that is new when it has no memory left, so that analyzers could not register either.
my %mib = $env =~ /^(NODE_SPILL_MAX_BYTES|REDIS_MAXMEMORY|REDIS_MEMORY)=(\d+)m/mgi;
cmp_ok($mib{REDIS_MAXMEMORY}, '>=', $mib{NODE_SPILL_MAX_BYTES} + 256 + 100, 'Redis has memory for the spill, dead letters and all else');
cmp_ok($mib{REDIS_MEMORY}, '>=', 2 * $mib{REDIS_MAXMEMORY}, 'and twice that when it rewrites its file');
is_deeply([ sort grep { !$used{$_} && $_ ne 'COMPOSE_PROJECT_NAME' } keys %knobs ], [], 'and each knob is used');
is_deeply([ grep { $knobs{$_} > 1 } keys %knobs ], [], 'and there once');
is_deeply(\@bare, [], 'and explained by the line above it');
is_deeply([ slurp('Dockerfile') =~ /^ARG VERSION=(\S+)/m ], [ slurp('CMakeLists.txt') =~ /project\(weir VERSION (\S+)/ ],
    'the image is labelled with the version');
unlike($compose, qr/container_name:/, 'no name of a container stands in the way of --scale');

# ---- certificates, as the profile tls makes them ----

SKIP: {
    skip 'there is no openssl', 9 if !has('openssl');
    my $made = folder . '/certificates';
    mkdir $made;
    my @make = ('sh', 'compose/certificates.sh', $made, 'logs.example.com,192.0.2.7');
    is((quietly(@make))[0], 0, 'certificates are made');
    my ($status, $said) = quietly('openssl', 'verify', '-x509_strict', '-CAfile', "$made/ca.crt", '-verify_hostname', 'logs.example.com', "$made/tls.crt");
    is($status, 0, 'that are good for the names asked for, strictly as RFC 5280 has it') or diag($said);
    is((stat "$made/ca.key")[2] & 077, 0, 'the key of their authority is readable by its owner alone');
    is((stat "$made/tls.key")[2] & 007, 04, 'the other one also by the node, which is another user');
    my @files = map { s{^/certificates}{$made}r } $compose =~ m{WEIR_NODE_TLS_(?:CERT|KEY): (/certificates/\S+)}g;
    is(scalar @files, 2, 'docker-compose.yml names a certificate and its key');
    ($status, $said) = quietly(program_path('weir-node'), '--check-config', '--listen-tls', '127.0.0.1:8443', '--tls-cert', $files[0], '--tls-key', $files[1]);
    is($status, 0, 'a node takes them') or diag($said);
    my $before = slurp("$made/tls.crt");
    is((quietly(@make))[0], 0, 'a second start');
    is(slurp("$made/tls.crt"), $before, 'keeps them');
    isnt((quietly('sh', 'compose/certificates.sh', $made, 'a;b'))[0], 0, 'what is no name is refused');
}

# ms
sub knob_ms ($name) {
    my ($n, $unit) = $env =~ /^$name=(\d+)(ms|s|m)$/m or return 0;
    return $n * { ms => 1, s => 1000, m => 60_000 }->{$unit};
}
cmp_ok(knob_ms('NODE_STOP_GRACE'), '>', knob_ms('NODE_DRAIN_DELAY') + knob_ms('NODE_DRAIN_TIMEOUT'), 'a node may drain to its end');
cmp_ok(knob_ms('NODE_DRAIN_DELAY'), '>=', 3000, 'and the balancer has noticed by then');
my ($hard_stop) = slurp('compose/haproxy.cfg') =~ /^\s*hard-stop-after (\d+)s/m;
my ($grace) = $compose =~ /stop_grace_period: (\d+)s # above its hard-stop-after/;
cmp_ok($grace, '>', $hard_stop, 'the balancer too');

# ---- passwords ----

my %default = $env =~ /^(\w*(?:PASSWORD|TOKEN|URL))=(.*)$/mg;
is_deeply([ grep { $default{$_} ne '' } sort keys %default ], [], 'no password is a known one');
unlike($compose, qr/protected-mode no|PASSWORD: \w/, 'nor is Redis open');
my $secrets = folder . '/secrets';
mkdir $secrets or die "$secrets: $!";
sub make_secrets (%set) {
    local @ENV{qw(REDIS_PASSWORD REDIS_URL GRAFANA_PASSWORD)} = map { $_ // '' } @set{qw(redis url grafana)};
    my ($status, $said) = quietly('sh', 'compose/secrets.sh', $secrets);
    diag($said) if $said && !%set;
    return $status;
}
sub secret ($name) { return slurp("$secrets/$name") =~ s/\n\z//r }
is(make_secrets(), 0, 'passwords are made');
my @made = map { secret("$_-password") } qw(redis grafana);
is(scalar(grep { /^[A-Za-z0-9]{32}\z/ } @made), 2, 'at random');
isnt($made[0], $made[1], 'for each its own');
is(secret('redis-url'), "redis://:$made[0]\@redis:6379/0", 'nodes find Redis with it');
is(secret('redis.conf'), "requirepass $made[0]", 'and Redis asks for it');
make_secrets();
is(secret('redis-password'), $made[0], 'the next start keeps them');
make_secrets(redis => 'of-mine', grafana => 'mine_too');
is_deeply([ map { secret($_) } qw(redis-password grafana-password redis-url) ], [ 'of-mine', 'mine_too', 'redis://:of-mine@redis:6379/0' ], 'those of .env hold');
is(`printf %s '@{[ secret('graylog-password') ]}' | sha256sum` =~ s/ .*\n//sr, secret('graylog-password-sha2'), 'Graylog gets the digest of its password');
make_secrets(url => 'redis://elsewhere:6379/1');
is(secret('redis-url'), 'redis://elsewhere:6379/1', 'another Redis is taken');
isnt(make_secrets(redis => 'with space@'), 0, 'a password that no URL takes is refused');

# ---- health ----

my $n_checks = () = $compose =~ /healthcheck:(?! \{ disable)/g;
is(scalar(() = $compose =~ /start_period: 30s/g), $n_checks, 'each health check leaves time to start');
cmp_ok(knob_ms('HEALTH_INTERVAL'), '>=', 10_000, 'and asks rarely');
is_deeply([ sort $compose =~ /(\w+): \{ condition: service_healthy \}/g ], [qw(a1 a2 a3)], 'nobody but the load waits for health');

# ---- metrics ----

# The program of each service, as YAML merges its parts: the image runs a node where no command says otherwise.
my ($parsed, $json) = quietly('python3', '-c', 'import json, yaml; print(json.dumps([yaml.safe_load(open(f)) for f in ("docker-compose.yml", "compose/prometheus.yml")]))');
is($parsed, 0, 'both files are YAML') or diag($json);
my ($composed, $scraped) = @{ decode_json($json) };
my %runs;
for my $name (sort keys %{ $composed->{services} }) {
    my ($image, $command) = @{ $composed->{services}{$name} }{qw(image command)};
    next if $image ne '${WEIR_IMAGE}';
    my ($program) = $command ? join(' ', ref $command ? @$command : $command) =~ /.*\b(weir-(?:node|analyzer))\b/s : 'weir-node';
    push @{ $runs{$program} }, $name if $program;
}
cmp_ok(scalar @{ $runs{$_} }, '>=', 2, "services run $_: @{ $runs{$_} }") for qw(weir-node weir-analyzer);
my %asked = map { $_->{job_name} => [ sort map { @{ $_->{names} } } @{ $_->{dns_sd_configs} } ] } @{ $scraped->{scrape_configs} };
is_deeply(\%asked, \%runs, 'Prometheus asks each of them for its metrics');

my @profiles = sort { $a cmp $b } keys %{ { map { ($_ => 1) } map { split /, */ } $compose =~ /profiles: \[(.*?)\]/g } };
holds('HAProxy takes its configuration', 'haproxy', '-c', '-f', 'compose/haproxy.cfg');
holds('Prometheus takes its own', 'promtool', 'check', 'config', 'compose/prometheus.yml');
holds('docker-compose 1.29 takes the file', 'docker-compose', 'config', '--quiet');
holds("docker-compose 1.29 takes the profile $_", 'docker-compose', '--profile', $_, 'config', '--quiet') for @profiles;
SKIP: {
    skip 'there is no docker compose 2', 1 if !has('docker') || (quietly(qw(docker compose version)))[0];
    holds("docker compose 2 takes the profile $_", 'docker', 'compose', '--profile', $_, 'config', '--quiet') for @profiles;
}
holds('shellcheck has nothing to say', 'shellcheck', '-x', '-P', '.', glob 't/compose/*.sh t/compose/run');
done_testing;
