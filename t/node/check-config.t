# --check-config finds whatever would keep a program from starting, and starts nothing.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 300;
sub check ($program, @options) { return run($program, '--check-config', @options) }
sub config_file ($text) {
    state $n = 0;
    my $path = folder . '/config.' . ++$n;
    open my $out, '>', $path or die;
    print {$out} $text;
    close $out;
    return $path;
}

for ([ 'weir-node' ], [ 'weir-node', '--redis', 'redis+sentinel://h1,h2/main', '--analyzer-allow', '*.example.com' ],
    [ 'weir-node', '--listen', 'no-such-host.invalid:80' ], [ 'weir-analyzer', '--id', 'a1' ],
    [ 'weir-loadgen', '--target', 'http://127.0.0.1:1/' ]) {
    my $run = check(@$_);
    is("$run->{status} $run->{stdout}$run->{stderr}", "0 configuration ok\n", "@$_ is fine");
}

my $missing = folder . '/nowhere';
my $empty = config_file('');
for (
    [ 'weir-node', '--analyzer-allow', '10.0.0.0/99' ],
    [ 'weir-node', '--analyzer-allow', '10.0.0.0/8,!' ],
    [ 'weir-node', '--pool', 'a/b' ],
    [ 'weir-node', '--pool', '' ],
    [ 'weir-node', '--node-id', 'n 1' ],
    [ 'weir-node', '--listen', 'nowhere' ],
    [ 'weir-node', '--admin-listen', ':99999' ],
    [ 'weir-node', '--redis', 'http://s3cret@h' ],
    [ 'weir-node', '--redis', 'rediss://:s3cret@h?ca=/nowhere/ca.pem' ],
    [ 'weir-node', '--memory-max', '16MiB', '--max-body', '32MiB' ],
    [ 'weir-node', '--admin-read', 'token' ],
    [ 'weir-node', '--ingest-token', 's3cret with blanks' ],
    (map { [ 'weir-node', "--$_-token-file", $missing ] } qw(ingest register admin)),
    [ 'weir-node', '--admin-token-file', $empty ],
    [ 'weir-node', '--admin-token-file', folder ],
    [ 'weir-analyzer', '--id', 'a/1' ],
    [ 'weir-analyzer', '--listen', 'nowhere', '--id', 'a1' ],
    [ 'weir-analyzer', '--register', 'ftp://h', '--id', 'a1' ],
    [ 'weir-loadgen', '--messages', '9-1', '--target', 'http://h/' ],
) {
    my ($program, $option, @rest) = @$_;
    my $run = check($program, $option, @rest);
    my $title = "$program $option @rest";
    is($run->{status}, 2, "$title is wrong");
    my $name = $option =~ s/-file$//r;
    like($run->{stderr}, qr/^$program: $name\b[^\n]*\n\z/, "$title: one line names the option");
    is($run->{stdout}, '', "$title: nothing is said to be fine");
    unlike($run->{stderr}, qr/s3cret/, "$title: no secret is shown");
    is(run($program, $option, @rest)->{stderr}, $run->{stderr}, "$title: it would not have started, for the same reason");
}

my $file = check('weir-node', '--config', config_file("pool = a/b\n"));
is("$file->{status} " . ($file->{stderr} =~ /pool/), '2 1', 'what a file has is checked too');
{
    local $ENV{WEIR_ANALYZER_ALLOW} = '1.2.3.4/33';
    is(check('weir-node')->{status}, 2, 'and what the environment has');
}
is(run('weir-node', '--print-config', '--pool', 'a/b')->{status}, 0, 'printing shows also what is wrong');
done_testing;
