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
    [ 'weir-analyzer', '--id', 'a1' ],
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
    [ 'weir-node', '--listen', '8080' ],
    [ 'weir-node', '--listen', '' ],
    [ 'weir-node', '--listen', 'no-such-host.invalid:80' ],
    [ 'weir-node', '--admin-listen', '192.0.2.1:8081' ],
    [ 'weir-node', '--admin-listen', ':8080' ], # of the ingest port
    [ 'weir-node', '--gelf-listen', '127.0.0.1:8080' ],
    [ 'weir-node', '--forward-listen', '127.0.0.1:5514', '--syslog-listen', ':5514' ],
    [ 'weir-node', '--memory-max', '24MiB' ],
    [ 'weir-node', '--memory-max', '64MiB', '--workers', '16' ],
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
    [ 'weir-analyzer', '--listen', '9001', '--id', 'a1' ],
    [ 'weir-analyzer', '--listen', '192.0.2.1:9001', '--id', 'a1' ],
    [ 'weir-analyzer', '--listen-tls', '127.0.0.1:9001', '--listen', '127.0.0.1:9001', '--id', 'a1' ],
    [ 'weir-analyzer', '--record', '/nowhere/record', '--id', 'a1' ],
    [ 'weir-loadgen', '--messages', '9-1', '--target', 'http://h/' ],
    [ 'weir-loadgen', '--target', 'ftp://127.0.0.1/' ],
    [ 'weir-loadgen', '--target', 'http://no-such-host.invalid/' ],
    [ 'weir-loadgen', '--replay', '/nowhere', '--target', 'http://127.0.0.1/' ],
    [ 'weir-loadgen', '--acked', '/nowhere/acked', '--target', 'http://127.0.0.1/' ],
) {
    my ($program, $option, @rest) = @$_;
    my $run = check($program, $option, @rest);
    my $title = "$program $option @rest";
    is($run->{status}, 2, "$title is wrong");
    my $name = $option =~ s/-file$//r;
    like($run->{stderr}, qr/^$program: $name\b[^\n]*\n\z/, "$title: one line names the option");
    is($run->{stdout}, '', "$title: nothing is said to be fine");
    unlike($run->{stderr}, qr/s3cret/, "$title: no secret is shown");
    unlike($run->{stderr}, qr/""/, "$title: no empty value is shown");
    my ($here, $there) = map { s/raise it to \K\d+MiB/(as much as it needs)/r } $run->{stderr}, run($program, $option, @rest)->{stderr};
    is($there, $here, "$title: it would not have started, for the same reason"); # a process is never quite the size of another
}

like(check('weir-node', '--listen', '8080')->{stderr}, qr/ write :8080 /, 'who gives a port alone is told what to write');
like(check('weir-node', '--memory-max', '24MiB')->{stderr}, qr/"24MiB" is too small .* raise it to \d+MiB/, 'or how much memory it needs');
{
    local $ENV{WEIR_NODE_WROKERS} = 3;
    my $run = check('weir-node');
    is($run->{status}, 0, 'a misspelt variable is no error');
    like($run->{stderr}, qr/^weir-node: warning: WEIR_NODE_WROKERS .*did you mean WEIR_NODE_WORKERS\?\)\n\z/, 'but it is told');
}

my $file = check('weir-node', '--config', config_file("pool = a/b\n"));
is("$file->{status} " . ($file->{stderr} =~ /pool/), '2 1', 'what a file has is checked too');
{
    local $ENV{WEIR_ANALYZER_ALLOW} = '1.2.3.4/33';
    is(check('weir-node')->{status}, 2, 'and what the environment has');
}
is(run('weir-node', '--print-config', '--pool', 'a/b')->{status}, 0, 'printing shows also what is wrong');
done_testing;
