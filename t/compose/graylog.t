# The job that prepares Graylog, against a stand-in that refuses what Graylog's API refuses. The images themselves are not run here.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Test;

alarm 120;
if (!grep { -x "$_/python3" } split /:/, $ENV{PATH}) {
    die "there is no python3\n" if ($ENV{CI} // '') eq 'true';
    plan skip_all => 'python3 is not installed';
}
my ($ports, $calls, $password) = map { folder . "/$_" } qw(port calls password);
open my $file, '>', $password or die "$password: $!";
print $file "s3cret\n";
close $file;
my $graylog = Weir::Process->start([ 'python3', "$Bin/graylog-stand-in.py", $calls, 's3cret', '--late', 1 ], stdout => $ports, name => 'graylog');
wait_until { slurp($ports) =~ /port=\d+/ } 20, 'the stand-in';
my ($port) = slurp($ports) =~ /port=(\d+)/;

# Exit status, what it said, and what it asked for besides looking.
sub prepare (%set) {
    my $before = length slurp($calls);
    my %env = (GRAYLOG_URL => "http://127.0.0.1:$port/api", GRAYLOG_PASSWORD_FILE => $password, WAIT_SECONDS => 30, INDEX_MAX_MB => 512, INDEX_MAX_COUNT => 7, %set);
    local @ENV{ keys %env } = values %env;
    my $said = `python3 '$Bin/../../compose/graylog.py' 2>&1`;
    return { status => $? >> 8, said => $said, changes => [ grep { /^(?:POST|PUT|refused)/ } split /\n/, substr slurp($calls), $before ] };
}

my $first = prepare();
is($first->{status}, 0, 'it waits until Graylog answers, and prepares it') or diag($first->{said});
is(scalar(grep { /^refused/ } @{ $first->{changes} }), 0, 'nothing is refused');
is_deeply([ map { s/[0-9a-f]{24}/ID/r } @{ $first->{changes} } ], [ 'POST /api/system/inputs', 'POST /api/system/inputs', 'PUT /api/system/indices/index_sets/ID',
    'POST /api/streams', 'POST /api/streams/ID/resume', 'POST /api/views/search', 'POST /api/views' ], 'inputs, indices, a stream that runs, a dashboard');
like($first->{said}, qr/^indices: closed at 512 MB, 7 are kept$/m, 'it says what it did');

my $second = prepare();
is($second->{status}, 0, 'it may run again');
is_deeply($second->{changes}, [], 'and changes nothing then');

my $third = prepare(INDEX_MAX_MB => 100, GELF_PORT => 12202);
is_deeply([ map { s/[0-9a-f]{24}/ID/r } @{ $third->{changes} } ], [ ('PUT /api/system/inputs/ID') x 2, 'PUT /api/system/indices/index_sets/ID' ], 'what is set otherwise is set right');

my $wrong = prepare(INDEX_MAX_COUNT => 'many');
is($wrong->{status}, 1, 'a knob that is no number ends it');
like($wrong->{said}, qr/^INDEX_MAX_COUNT must be a whole number above 0, and is many$/, 'with a sentence');
my $away = prepare(GRAYLOG_URL => 'http://127.0.0.1:' . free_port . '/api', WAIT_SECONDS => 1);
is($away->{status}, 1, 'so does a Graylog that never comes');
like($away->{said}, qr/^Graylog does not answer at /, 'with a sentence');
done_testing;
