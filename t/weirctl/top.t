# weirctl top draws a pool on a terminal, and leaves the terminal as it was.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Cluster;
use Weir::Terminal;
use Weir::Test;

alarm 750;
my $cluster = Weir::Cluster->start(nodes => 2);
my @command = ('weirctl', '--redis', $cluster->redis->url, 'top');

# Of an analyzer's line: its figures in percent, its bar, messages a second, state.
sub row ($screen, $id) {
    my @found = $screen =~ /^\Q$id\E +([\d.]+)% +([\d.]+%|-) +([\d.]+%|-) +([\d.]+%|-) +\[(.*?)\] +([\d,]+)  (.*)$/m or return;
    return { target => $found[0], '10s' => $found[1] =~ s/%//r, '1min' => $found[2] =~ s/%//r, bar => $found[4],
        rate => $found[5] =~ s/,//gr, state => $found[6] };
}

sub wait_row ($top, $id, $check, $seconds, $what) {
    my $row;
    my $is_so = eval { wait_until { $row = row($top->screen, $id); $row && $check->($row) } $seconds, $what; 1 };
    ok($is_so, $what) or diag $top->screen;
    return $row // {};
}

my $top = Weir::Terminal->start(\@command);
$top->wait_screen(qr/^weir top  pool default  epoch \d+ .*q: quit$/m);
like($top->wait_screen(qr/^n2 /m), qr/^n1 +1  exact +all closed$/m, 'nodes and their breakers are shown');
is(row($top->screen, 'a1')->{'10s'}, '-', 'nothing routed is no share');

my $load = $cluster->begin_load(rate => 200, duration => 0);
my $a1 = wait_row($top, 'a1', sub ($r) { $r->{rate} > 0 && $r->{'10s'} ne '-' && abs($r->{'10s'} - 50) < 3 }, 10, 'traffic moves the bars to their targets');
like($a1->{bar}, qr/^={10,}-?\|\+? *$/, 'a bar is filled up to its target');
is($a1->{state}, 'up', 'the state is said');
my $screen = $top->screen;
diag $screen if $ENV{WEIR_SHOW};
like($screen, qr/^routed [1-9][\d,]* msg\/s  delivered [1-9]/m, 'rates are shown');
like($screen, qr/^in flight \d+ packets \(\d+ msg\)  spill 0 \(\+0\.0\/s\)  dead 0 /m, 'and what is under way');

run('weirctl', '--redis', $cluster->redis->url, 'weight', 'a1', '2');
wait_row($top, 'a1', sub ($r) { $r->{target} eq '80.0' && $r->{bar} =~ /-+\|/ }, 5, 'a new weight moves the target at once');
wait_row($top, 'a1', sub ($r) { abs($r->{'10s'} - 80) < 3 }, 20, 'and the traffic follows');
run('weirctl', '--redis', $cluster->redis->url, 'disable', 'a3');
wait_row($top, 'a3', sub ($r) { $r->{target} eq '0.0' && $r->{state} eq 'disabled' && $r->{bar} =~ /^\|\++/ }, 5, 'a disabled one has no target, and got too much');
$cluster->analyzer('a2')->kill_now;
wait_row($top, 'a2', sub ($r) { $r->{state} eq 'down' || $r->{state} eq 'suspect' }, 15, 'a killed one is not up');
$top->wait_screen(qr/^n1 .*open: a2$/m, 15);
pass('and the breakers of nodes are open');

$top->type('w');
$top->wait_screen(qr/^ANALYZER.* 1 MIN +\d+%/m);
$top->resize(120, 40);
my $wide = $top->wait_screen(qr/^weir top.{100,}q: quit$/m);
is(length row($wide, 'a1')->{bar}, length($a1->{bar}) + 40, 'it grows with the terminal');
$top->resize(44, 12);
$top->wait_screen(qr/^a1 +100\.0% +[\d.]+% +[\d,]+  up$/m);
$top->resize(30, 5);
$top->wait_screen(qr/^too small: needs 40x10$/m);
$top->resize(80, 24);
$top->wait_screen(qr/^a1 /m);

$top->type('q');
is($top->wait_end, 0, 'q ends it');
ok($top->is_restored, 'and the terminal is as it was');
ok($top->has_fitted, 'no line was wider than the terminal, and nothing scrolled') or diag "$top->{n_wide} $top->{n_scrolled}";

for my $signal (qw(TERM INT HUP QUIT ABRT SEGV)) {
    my $other = Weir::Terminal->start(\@command);
    $other->wait_screen(qr/^a1 /m);
    $other->signal($signal);
    my $ended_by = $other->wait_end;
    ok($ended_by < 0 && $other->is_restored, "SIG$signal ends it, and the terminal is as it was") or diag $ended_by;
}
my $stopped = Weir::Terminal->start(\@command);
$stopped->wait_screen(qr/^a1 /m);
$stopped->signal('TSTP');
wait_until { $stopped->is_restored } 20, 'the terminal is given back';
pass('stopped by Ctrl-Z it gives the terminal back');
$stopped->signal('CONT');
wait_until { !$stopped->is_restored && $stopped->screen =~ /^a1 /m } 20, 'it draws again';
pass('and takes it again when it goes on');

my $plain = Weir::Terminal->start(\@command, env => { NO_COLOR => 1 });
$plain->wait_screen(qr/^a1 /m);
$cluster->redis->freeze;
$plain->wait_screen(qr/^STALE: as it was \d+ s ago\. Redis: /m, 10);
pass('a Redis that does not answer makes it stale');
$plain->signal('TERM');
is($plain->wait_end(2), -15, 'which a signal ends all the same');
$cluster->redis->thaw;
$load->signal('TERM');
$load->wait_end;
$stopped->wait_screen(qr/accounts add up\n(?:time to 202: .*)?\n/, 10);
$cluster->redis->kill_now;
$stopped->wait_screen(qr/^STALE: as it was \d+ s ago\. Redis: Connection refused$/m, 10);
pass('so does one that is gone, and it says why');
$cluster->redis->start;
$stopped->wait_screen(qr/^a1 (?!.*STALE)/m, 10);
wait_until { $stopped->screen !~ /STALE/ } 10, 'it is fresh again';
$cluster->redis->kill_now;
$stopped->wait_screen(qr/^STALE/m, 10);
$stopped->type('q');
is($stopped->wait_end, 0, 'q ends it without Redis too');
ok($stopped->is_restored, 'and the terminal is as it was');

my $no_terminal = run(@command);
is($no_terminal->{status}, 2, 'without a terminal it does not begin');
is($no_terminal->{stderr}, "weirctl: stdout is no terminal: take weirctl watch, which writes the status again and again\n", 'and names what does');
done_testing;
