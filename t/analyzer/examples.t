# The examples in analyzer/examples do what docs/analyzers.md says, in each language that is there.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;
use Weir::Cluster;
use Weir::Test;

alarm 280;
sub has ($program) { return scalar grep { -x "$_/$program" } split /:/, $ENV{PATH} }
my $examples = checkout . '/analyzer/examples';
my %build = (go => [ 'go', 'build', '-o', folder . '/counter-go', "$examples/go/counter.go" ],
    c => [ 'cc', '-O2', '-Wall', '-Werror', '-D_GNU_SOURCE', "-I$examples/c", '-o', folder . '/counter-c', "$examples/c/counter.c", '-lcurl', '-lcjson' ]);
my %start = (python => [ 'python3', "$examples/python/counter.py" ], node => [ 'node', "$examples/node/counter.mjs" ], go => [ folder . '/counter-go' ], c => [ folder . '/counter-c' ]);
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {});
my $node = $cluster->node(1);
local $ENV{HOME} = folder; # the cache of go
local $ENV{GOFLAGS} = '-mod=mod';

for my $language (sort keys %start) {
    my $program = ($build{$language} // $start{$language})->[0];
    SKIP: {
        skip "there is no $program", 9 if !has($program);
        my $lines = grep { m{[^\s/]} } split /\n/, slurp((glob "$examples/$language/counter.*")[0]);
        cmp_ok($lines, '<=', 100, "$language: no more than a hundred lines");
        is(system("@{ $build{$language} } >&2"), 0, "$language: it is compiled") if $build{$language};
        my $port = free_port; # held, so that a server fails here that could not start again right after its end
        my $analyzer = Weir::Process->start([ @{ $start{$language} }, $language, $port, $node->{admin}, 2 ], name => $language, may_end => 1);
        my $found = sub { (grep { $_->{id} eq $language } @{ $cluster->cluster->{analyzers} })[0] };
        wait_until { ($found->() // {})->{health} // '' eq 'up' } 20, "$language to register";
        is($found->()->{weight}, 2, "$language: it registers");
        my $send = sub ($packet) { return http(POST => "http://$node->{ingest}/ingest", $packet)->{status} };
        wait_until { $send->({ id => "$language-1", messages => [ 1, 2, 3 ] }) == 202 } 10, 'a packet to be taken';
        is($send->({ id => "$language-1", messages => [ 1, 2, 3 ] }), 202, "$language: a packet comes twice");
        is($send->({ id => "$language-2", refuse => 1 }), 202, "$language: and one that it cannot take");
        my $stats = sub { http(GET => "http://127.0.0.1:$port/stats")->{json} };
        wait_until { $stats->()->{refused} == 1 } 10, 'all three';
        is_deeply($stats->(), { packets => 1, messages => 3, duplicates => 1, refused => 1 }, "$language: it counts what is new");
        my ($letter) = grep { $_->{id} eq "$language-2" } @{ http(GET => "$node->{admin}/v1/dead")->{json}{entries} };
        is($letter && "$letter->{reason} $letter->{answer}" =~ s/[\s"]//gr, 'status422{status:422}', "$language: the refused one is a dead letter, by its own result");
        wait_until { $found->()->{processed} == 3 } 10, 'a heartbeat';
        pass("$language: heartbeats tell what it processed");
        $analyzer->signal('TERM');
        is($analyzer->wait_end, 0, "$language: it ends on SIGTERM");
        ok(!$found->(), "$language: and has left");
    }
}
done_testing;
