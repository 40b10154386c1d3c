# weir-loadgen --verify accounts for all that was sent, also when analyzers leave, join, or are removed and come back during the run.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Test::More;
use Weir::Cluster;
use Weir::Test;

use constant STEP => 2000; # messages between two changes

alarm 120;
my $cluster = Weir::Cluster->start(nodes => 2, analyzers => { map { $_ => 1 } qw(a1 a2 a3 a4) });
my $admin = $cluster->node(1)->{admin};

sub is_listed ($id) { return scalar grep { $_->{id} eq $id } @{ $cluster->cluster->{analyzers} } }

# Waits until this much more is delivered to those that are there.
sub let_pass ($what) {
    my $before = sum0 values %{ $cluster->counts('delivered') };
    wait_until { sum0(values %{ $cluster->counts('delivered') }) >= $before + STEP } 20, $what;
}

# The report of a run in which $change is done in the middle.
sub run_with ($change) {
    my $load = $cluster->begin_load(rate => 2000, messages => '1-9', duration => 0, verify => $admin);
    let_pass('the load to be on');
    $change->();
    let_pass('the load to go on');
    $load->signal('INT');
    return $cluster->finish_load($load);
}

sub all_accounted_for ($report, $what) {
    my $verify = $report->{verify};
    is($report->{status}, 0, "$what: exit status 0");
    ok($verify->{delivered_ok} && $verify->{accounts_ok}, "$what: all is delivered, and the accounts are right");
    is("$verify->{routed} $verify->{delivered}", "$verify->{accepted} $verify->{accepted}", "$what: each message is counted once");
}

my $report = run_with(sub { });
all_accounted_for($report, 'nothing changes');
ok($report->{verify}{shares_ok}, 'shares are judged');
is($report->{verify}{shares_not_judged}, undef, 'and there is no reason against it');

$report = run_with(sub {
    $cluster->analyzer('a4')->signal('TERM');
    is($cluster->analyzer('a4')->wait_end, 0, 'a4 leaves');
    wait_until { !is_listed('a4') } 10, 'a4 to be gone';
});
all_accounted_for($report, 'one leaves');
is($report->{verify}{shares_ok}, undef, 'shares are not judged');
like($report->{verify}{shares_not_judged}, qr/0 analyzers joined, 1 left/, 'and the report says why');

$report = run_with(sub {
    $cluster->start_analyzer('a5', 1);
    wait_until { is_listed('a5') } 10, 'a5 to be there';
});
all_accounted_for($report, 'one joins');
like($report->{verify}{shares_not_judged}, qr/1 analyzers joined, 0 left/, 'the report says that it joined');

$report = run_with(sub {
    is(http(DELETE => "$admin/v1/analyzers/a1")->{status}, 200, 'an operator removes a1');
    let_pass('the load to go on');
    $cluster->analyzer('a1')->signal('TERM');
    is($cluster->analyzer('a1')->wait_end, 0, 'its process ends');
    $cluster->start_analyzer('a1', 1);
    wait_until { is_listed('a1') } 10, 'a1 to be back';
});
all_accounted_for($report, 'one is removed and comes back');
like($report->{verify}{shares_not_judged}, qr/0 analyzers joined, 0 left.*epoch \d+ to \d+/, 'the epoch tells that, though the same analyzers are there');

done_testing;
