# Nothing that was acknowledged is lost, whatever fails: a short run of t/chaos/run. WEIR_SEED takes another seed.
use v5.36;
use FindBin qw($Bin);
use File::Temp;
use JSON::PP qw(decode_json);
use Test::More;

alarm 750;
my $seed = $ENV{WEIR_SEED} // 2289;
my $out = File::Temp->new;
my $pid = fork // die "fork: $!";
if (!$pid) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>&', $out;
    open STDERR, '>&', $out;
    exec 'setpriv', '--pdeathsig', 'TERM', "$Bin/run", '--seed', $seed, '--for', '25s', '--json' or die "setpriv: $!\n";
}
waitpid $pid, 0;
my $status = $?;
my $text = do { local (@ARGV, $/) = $out->filename; <> };
my $result = eval { decode_json($text =~ s/^logs: .*//mr) } // die "t/chaos/run --seed $seed:\n$text";

note(sprintf '%d faults: %s', scalar @{ $result->{plan} }, join ', ', sort keys %{ $result->{faults} });
note(sprintf '%d packets acknowledged, %d of them recorded more than once, longest pause %.1f s',
    $result->{acknowledged}, $result->{duplicates}, $result->{longest_pause}{ms} / 1000);
cmp_ok($result->{by_agent}{$_}, '>', 0, "packets by $_ are acknowledged") for qw(http tls h2 grpc);
is_deeply($result->{lost}, [], 'all of them are recorded');
is_deeply($result->{problems}, [], 'no program ends by itself, and the accounts add up');
for (['worst', 'shares are right while all is well'], ['end', 'and when faults are over']) {
    my ($which, $title) = @$_;
    my $percent = $result->{"${which}_share_error_percent"};
  SKIP: {
        skip 'on this machine no window was without a fault for long enough', 1 if !defined $percent;
        cmp_ok($percent, '<=', 2, $title);
    }
}
is($status, 0, 'and it says so');
diag("t/chaos/run --seed $seed --for 25s\n$text") if !Test::More->builder->is_passing;

done_testing;
