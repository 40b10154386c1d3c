# ./up.sh --demo tells and shows one thing, and ends with 0 only if that is so.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 600;
my $checkout = "$Bin/../..";

sub demo ($name, @options) {
    state $n = 0;
    my $out = sprintf '%s/demo.%d.out', folder, ++$n;
    my $up = Weir::Process->start([ "$checkout/up.sh", '--demo', $name, @options ], name => "demo-$name-$n", stdout => $out, may_end => 1);
    $up->{out} = $out;
    return $up;
}

sub holds ($up, $name, $n_claims) {
    is($up->wait_end(120), 0, "$name: exit status 0") or diag(slurp($up->{out}), $up->log);
    my $text = slurp($up->{out});
    is(scalar(() = $text =~ /^  holds: /mg), $n_claims, "$name: each claim holds");
    like($text, qr/^  verdict of --demo $name: ok$/m, "$name: the verdict says so");
    return $text;
}

{
    my %demos = map { $_ => demo($_, '--for', '9s', '--rate', 400) } qw(weights failover spill);
    my $spoilt = demo('weights', '--for', '9s', '--rate', 400, '--nodes=1');
    wait_until { slurp($spoilt->{out}) =~ /a1 has its old weight again/ } 60, 'the last part';
    my ($admin) = slurp($spoilt->{out}) =~ m{^  dashboard +(\S+)/$}m;
    http(PATCH => "$admin/v1/analyzers/a2", { weight => 50 });
    my $text = holds($demos{weights}, 'weights', 4);
    like($text, qr/^\d:\d\d  a1 gets three times its weight: 1\.5\./m, 'weights: it tells what happens');
    like($text, qr/^  \d+ messages: a1 7[45](?:\.\d+)? % of 75 %/m, 'weights: and shows the shares');
    $text = holds($demos{failover}, 'failover', 3);
    like($text, qr/^\d:\d\d  a1 is killed/m, 'failover: it tells what happens');
    $text = holds($demos{spill}, 'spill', 4);
    like($text, qr/^\d:\d\d  [1-9]\d* packets wait\./m, 'spill: packets waited');
    is($spoilt->wait_end(120), 1, 'where a claim does not hold: exit status 1');
    like(slurp($spoilt->{out}), qr/^  DOES NOT HOLD: .*\n(?:.*\n)*  verdict of --demo weights: NOT OK$/m, 'and it says which');
    my ($logs) = $spoilt->log =~ /^the logs stay in (\S+)$/m;
    system 'rm', '-r', $logs if ($logs // '') =~ m{/weir-up\.\w+$};
}
like(holds(demo('throughput', '--for', '6s'), 'throughput', 2), qr/ packets and \d+ messages a second/, 'throughput: it says how fast');
for my $wrong ([ 'nothing' ], [ 'spill', '--no-load' ], [ 'weights', '--for', '2s' ]) {
    my $up = demo(@$wrong);
    is($up->wait_end, 2, "--demo @$wrong: exit status 2");
    like($up->log, qr/\A\S+up\.sh: .*\(see --help\)\n\z/, 'one line says why');
}
done_testing;
