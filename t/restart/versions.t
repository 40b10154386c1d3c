# Nodes of two versions on one Redis: a rolling upgrade under load, entries of the spill that one version stored and the
# other delivers, and the way back. Each version brings its own scripts, which Redis keeps side by side.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Digest::SHA qw(sha1_hex);
use List::Util qw(sum0);
use Test::More;
use Weir::Base qw(bin_dir);
use Weir::Before;
use Weir::Cluster;
use Weir::Test;

alarm 900;
my ($old, $what) = before;
my $new = bin_dir;
my %bin = (old => $old, new => $new);
diag("the other version is $what");
my %share = (a1 => 0.5, a2 => 0.3, a3 => 0.2);

# Scripts that both builds have, in different versions: name -> their SHA1s.
my %sha1s;
for my $name (map { m{([a-z_]+)\.lua$} } glob "$old/../lua/*.lua") {
    my @sha1s = map { sha1_hex(slurp("$_/../lua/$name.lua")) } $old, $new;
    $sha1s{$name} = \@sha1s if $sha1s[0] ne $sha1s[1];
}
note('scripts that differ: ' . join ' ', sort keys %sha1s);

# A cluster of the old version; analyzers and load are of the new one.
my $cluster = do { local $ENV{WEIR_BIN} = $old; Weir::Cluster->start(nodes => 2, analyzers => {}, node => [ '--spill-after', '50ms', '--drain-delay', '300ms' ]) };
my $redis = $cluster->redis;
my $restart = sub ($version, $i) { local $ENV{WEIR_BIN} = $bin{$version}; return $cluster->restart_node($i) };
my %analyzers = map { $_ => $cluster->start_analyzer($_, $share{$_}) } sort keys %share;
$cluster->wait_known(keys %share);

my $load = $cluster->begin_load(rate => 1000, messages => '1-9', duration => 0, retries => 20, connections => 16);
my $delivered = sub ($i) { metrics($cluster->node($i))->{weir_delivered_packets_total} // 0 };
my $flows = sub ($what) {
    my @from = map { $delivered->($_) } 1, 2;
    wait_until { !grep { $delivered->($_) < $from[ $_ - 1 ] + 300 } 1, 2 } 20, "both nodes to deliver: $what";
};

# Messages that the worst analyzer is away from its share, while the load goes through both nodes.
my $worst = sub ($what) {
    my $since = $cluster->counts;
    $flows->($what);
    return Weir::Cluster::worst($cluster->errors(\%share, $since));
};

$flows->('both are old');
is(($restart->('new', 1))[0], 0, 'a node of the old version drains and ends well');
my $away = $worst->('new and old');
cmp_ok($away, '<=', 150, sprintf 'the shares are right while old and new route side by side (%.0f messages away)', $away);
SKIP: {
    skip 'no script has changed since', 1 if !%sha1s;
    wait_until { !grep { !$_ } @{ $redis->command('SCRIPT', 'EXISTS', map { @$_ } values %sha1s) } } 20, 'Redis to have the scripts of both versions';
    pass('Redis has the scripts of both versions, by their SHA1');
}

# No analyzer is there, and both versions spill. The old node ends, and the new version delivers what it stored.
is($_->end, 0, $_->name . ' leaves') for map { $analyzers{$_} } sort keys %analyzers;
wait_until { !grep { (metrics($cluster->node($_))->{weir_spilled_packets_total} // 0) < 30 } 1, 2 } 20, 'both nodes to spill';
is(($restart->('new', 2))[0], 0, 'the other node of the old version ends well, too');
cmp_ok($redis->command('XLEN', 'weir:{default}:spill'), '>=', 30, 'what it spilled waits');
$cluster->start_analyzer($_, $share{$_}) for sort keys %share;
wait_until { $redis->command('XLEN', 'weir:{default}:spill') == 0 } 30, 'the spill to be empty';
$flows->('both are new');

# A step back, from the last node to the first.
is(($restart->('old', 2))[0], 0, 'a node of the new version ends well');
$away = $worst->('old beside new again');
cmp_ok($away, '<=', 150, sprintf 'the shares are right after a step back (%.0f messages away)', $away);

$load->signal('INT');
my $report = $cluster->finish_load($load);
# SIGINT ends the load while packets may wait to be sent again: after a 503, or where a connection was refused.
is_deeply([ grep { !/^(?:503|connect)$/ } map { keys %$_ } $report->{refused}{by_status}, $report->{failed}{by_reason} ], [], 'no agent is refused for good')
    or diag(explain($report->{refused}, $report->{failed}));
my $times = $cluster->recorded;
is_deeply([ grep { !$times->{$_} } @{ $report->{acked} } ], [], scalar(@{ $report->{acked} }) . ' packets were acknowledged, and none is lost');
my $verified = run('weirctl', '--redis', $redis->url, 'verify', '--json');
is(join(' ', map { $_->{check} } grep { !$_->{ok} && $_->{check} ne 'shares' } @{ $verified->{json}{checks} }), '', 'the accounts of both versions add up')
    or diag($verified->{stdout});
is(join("\n", grep { /level=error/ } map { split /\n/, $_->log } $cluster->nodes), '', 'no node has an error to tell');
done_testing;
