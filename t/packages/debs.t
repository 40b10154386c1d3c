# The Debian packages: what is in them, and that they can be installed, upgraded under load, removed and purged in a
# fresh root of Debian.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build qw(checkout);
use Weir::Process;
use Weir::Redis;
use Weir::Test;

alarm 3000;
my $debs = checkout . '/scripts/debs.sh';

sub built ($version) {
    local $ENV{VERSION} = $version;
    my $folder = folder . "/debs-$version";
    is(system("'$debs' '$folder' >'$folder.log' 2>&1"), 0, "packages are built: $version") or diag(slurp("$folder.log"));
    return $folder;
}
my $old = built('0.1.0');
my $next = built('0.1.1~next');
my $again = built('0.1.0');

is(join(' ', map { s{.*/}{}r =~ s{_.*}{}r } sort glob "$old/*.deb"), 'weir-analyzer weir-node weir-tools', 'there are three');
is(system("cmp $old/weir-node_*.deb $again/weir-node_*.deb"), 0, 'the same source makes the same package, byte for byte');
my $files = `for p in $old/*.deb; do dpkg-deb -c \$p; done`;
like($files, qr{\./\Q$_\E\n}, "/$_ is in a package") for qw(usr/bin/weir-node usr/bin/weir-analyzer usr/bin/weir-sidecar usr/bin/weirctl usr/bin/weir-loadgen etc/weir/node.conf
    etc/weir/analyzer.conf usr/lib/systemd/system/weir-node.service usr/lib/systemd/system/weir-node.socket usr/lib/systemd/system/weir-analyzer.service usr/share/man/man8/weir-node.8.gz
    usr/share/man/man8/weir-analyzer.8.gz usr/share/man/man8/weir-sidecar.8.gz usr/share/man/man1/weirctl.1.gz usr/share/man/man1/weir-loadgen.1.gz usr/share/man/man7/weir.7.gz
    usr/share/bash-completion/completions/weirctl usr/share/zsh/vendor-completions/_weirctl usr/share/fish/vendor_completions.d/weirctl.fish);
like(`dpkg-deb -f $old/$_->[0]_*.deb Depends`, qr/\b$_->[1]/, "$_->[0] depends on $_->[1]") for [ 'weir-node', 'libevent' ], [ 'weir-analyzer', 'libcurl' ], [ 'weir-tools', 'libhiredis' ];

# Where what finds these dependencies is missing, no packages are made.
my $bare = folder . '/bare';
mkdir $bare;
symlink $_, "$bare/" . s{.*/}{}r for grep { !m{/dpkg-shlibdeps$} } glob '/usr/bin/* /bin/*';
my $refused = do { local $ENV{PATH} = $bare; `'$debs' '$bare-debs' 2>&1` };
isnt($?, 0, 'packages need dpkg-shlibdeps');
like($refused, qr/there is no dpkg-shlibdeps: the group "debs"/, '... which is told, with the remedy');
ok(!-e "$bare-debs", '... before anything is made');
SKIP: {
    skip 'lintian is not installed', 1 if system 'command -v lintian >/dev/null';
    is(`lintian --allow-root $old/*.deb 2>&1` =~ s/^running with root.*\n//mr, '', 'lintian has nothing against them');
}
SKIP: {
    skip 'systemd-analyze is not installed', 2 if system 'command -v systemd-analyze >/dev/null';
    for my $unit (qw(weir-node weir-analyzer)) {
        my ($level) = `systemd-analyze security --offline=true @{[checkout]}/packaging/systemd/$unit.service` =~ /exposure level for \S+: ([\d.]+)/;
        cmp_ok($level // 10, '<=', 2, "$unit.service exposes little");
    }
}
my $conf = `dpkg-deb --fsys-tarfile $old/weir-node_*.deb | tar -xO ./etc/weir/node.conf`;
my %named = map { $_ => 1 } $conf =~ /^#([a-z-]+) = /mg;
is(join(' ', grep { !$named{$_} && !/^(?:help|version|config|check-config|print-config)$/ } run('weir-node', '--help')->{stdout} =~ /^  --([\w-]+)/mg), '',
    'node.conf has every option, as a comment');

# A fresh root.
my ($release) = slurp('/etc/os-release') =~ /^VERSION_CODENAME=(\w+)/m;
my $why = $> ? 'a root of Debian needs root' : system('command -v debootstrap >/dev/null') ? 'debootstrap is not installed' : '';
$why ||= 'CI=true makes a fresh root of Debian' if ($ENV{CI} // '') ne 'true' && !$ENV{WEIR_FRESH_ROOT};
SKIP: {
    skip $why, 1 if $why;
    my $root = folder . '/root';
    is(system("debootstrap --variant=minbase $release '$root' >'$root.log' 2>&1"), 0, 'there is a fresh root') or diag(slurp("$root.log"));
    my @in = ('unshare', '--mount', '--propagation', 'private', 'sh', '-c', 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$@"', $root, $root);
    my $do = sub ($title, @command) {
        my $process = Weir::Process->start([ @in, @command ], stdout => "$root.out");
        is($process->wait_end(300), 0, $title) or diag($process->log, slurp("$root.out"));
        return slurp("$root.out");
    };
    system("mkdir -p $root/debs && cp $old/*.deb $next/*.deb $root/debs") == 0 or die "cp: $?\n";
    local @ENV{qw(DEBIAN_FRONTEND LC_ALL)} = qw(noninteractive C);
    $do->('packages and what they need are installed', 'sh', '-c', 'apt-get update -q && apt-get install -y --no-install-recommends /debs/*_0.1.0_*.deb');
    like($do->('the user is there', 'getent', 'passwd', 'weir'), qr{^weir:x:\d+:\d+:Weir[,]*:/nonexistent:/usr/sbin/nologin$}m, 'and cannot log in');
    is($do->('configuration is', 'stat', '-c', '%U:%G %a', '/etc/weir/node.conf'), "root:weir 640\n", 'not for everybody, because tokens may be in it');
    $do->('manual pages are where man looks', 'sh', '-c', 'ls /usr/share/man/man8/weir-node.8.gz || grep -q man /etc/dpkg/dpkg.cfg.d/*');

    # A node of the package under load, while the next version takes its place on disk and then in the process.
    my $redis = Weir::Redis->new;
    my $start = sub ($i, $listen = '127.0.0.1:' . free_port) {
        my $node = Weir::Process->start([ @in, 'setpriv', '--reuid=weir', '--regid=weir', '--clear-groups', 'weir-node', '--config', '/etc/weir/node.conf',
            '--node-id', "n$i", '--listen', $listen, '--admin-listen', '127.0.0.1:0', '--redis', $redis->url, '--drain-delay', '300ms' ], name => "n$i");
        $node->{ingest} = $node->wait_log(qr/component=node msg=listening .*addr=(\S+)/, 30);
        $node->{admin} = 'http://' . $node->wait_log(qr/component=admin msg=listening .*addr=(\S+)/, 30);
        return $node;
    };
    my @nodes = map { $start->($_) } 1, 2;
    my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', 'a1', '--listen', '127.0.0.1:0', '--register', join(',', map { $_->{admin} } @nodes) ]);
    $_->wait_log(qr/msg="analyzer known" .*analyzer=a1/, 30) for @nodes;
    my $load = Weir::Process->start([ 'weir-loadgen', '--target', join(',', map { "http://$_->{ingest}/ingest" } @nodes), '--rate', 200, '--duration', '15s', '--retries', 20 ],
        name => 'load', may_end => 1);
    system("printf 'log-level = debug\\n' >>$root/etc/weir/node.conf") == 0 or die "node.conf: $?\n";
    $do->('the next version is installed over them', 'sh', '-c', 'dpkg -i --force-confdef --force-confold /debs/*~next_*.deb');
    like(slurp("$root/etc/weir/node.conf"), qr/^log-level = debug$/m, 'what the administrator wrote stays');
    for my $i (0, 1) {
        my $ingest = $nodes[$i]{ingest};
        $nodes[$i]->signal('TERM');
        is($nodes[$i]->wait_end(60), 0, 'a node of the old version drains and ends well');
        $nodes[$i] = $start->($i + 1, $ingest);
        wait_until { http(GET => "$nodes[$i]{admin}/readyz")->{status} == 200 } 30, 'the new one to be ready';
    }
    is($load->wait_end(120), 0, 'no request of the load has failed') or diag($load->log);
    is($_->end, 0, $_->name . ' ends well') for @nodes, $analyzer;

    $do->('the packages are removed', 'apt-get', 'remove', '-y', 'weir-node', 'weir-analyzer', 'weir-tools');
    ok(!-e "$root/usr/bin/weir-node" && -e "$root/etc/weir/node.conf", 'programs are gone, and configuration stays');
    $do->('the packages are purged', 'apt-get', 'purge', '-y', 'weir-node', 'weir-analyzer', 'weir-tools');
    ok(!-e "$root/etc/weir", 'then configuration is gone too');
}
done_testing;
