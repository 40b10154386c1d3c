package Weir::Analyzer;

# A weir-analyzer on a free port, ended with the test.
use strict;
use warnings;
use Exporter qw(import);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP qw(decode_json);
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use Weir::Test ();

our @EXPORT_OK = qw(slurp until_true);

my $program = Weir::Test::program_path('weir-analyzer');
my $dir = tempdir(CLEANUP => 1);
my $http = HTTP::Tiny->new(timeout => 10);
my (%running, $n_started);
END { my $status = $?; kill KILL => keys %running; $? = $status }

# What $check returns once that is true; nothing when it stays false for so many seconds.
sub until_true {
    my ($seconds, $check) = @_;
    for (my $deadline = time + $seconds; time < $deadline; sleep 0.02) {
        my $result = $check->();
        return $result if $result;
    }
    return;
}

sub slurp { open my $file, '<', $_[0] or return ''; local $/; return <$file> // '' }

sub start {
    my ($class, @options) = @_;
    my $log = "$dir/log" . ++$n_started;
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        open STDERR, '>', $log or die "$log: $!";
        exec $program, '--listen', '127.0.0.1:0', @options or die "$program: $!";
    }
    $running{$pid} = 1;
    my $addr = until_true(10, sub { slurp($log) =~ /msg=listening.* addr=(\S+)/ && $1 });
    die "no analyzer:\n" . slurp($log) if !$addr;
    return bless { pid => $pid, url => "http://$addr", logfile => $log }, $class;
}

sub url { return $_[0]{url} }
sub log { return slurp($_[0]{logfile}) }
sub get { return $http->get("$_[0]{url}$_[1]") }
sub stats { return decode_json($_[0]->get('/stats')->{content}) }

sub post {
    my ($self, $path, $body, %headers) = @_;
    return $http->post("$self->{url}$path",
        {content => $body, headers => {'Content-Type' => 'application/json', %headers}});
}

sub signal { kill $_[1] => $_[0]{pid} }

# The status once the process has ended, in the form of $?; undef: it goes on.
sub ended {
    my ($self) = @_;
    my $is_over = until_true(10, sub { waitpid($self->{pid}, WNOHANG) == $self->{pid} });
    return undef if !$is_over;
    delete $running{ $self->{pid} };
    return $?;
}

1;
