package Weir::Analyzer;

# A weir-analyzer on a free port, and what it is asked.
use v5.36;
use HTTP::Tiny;
use JSON::PP qw(decode_json);
use Weir::Test ();

my $http = HTTP::Tiny->new(timeout => 60);

sub start ($class, @options) {
    my $process = Weir::Process->start([ 'weir-analyzer', '--listen', '127.0.0.1:0', @options ]);
    return bless { process => $process, url => 'http://' . $process->wait_log(qr/msg=listening.* addr=(\S+)/) }, $class;
}

sub url ($self) { return $self->{url} }
sub process ($self) { return $self->{process} }
sub get ($self, $path) { return $http->get("$self->{url}$path") }
sub stats ($self) { return decode_json($self->get('/stats')->{content}) }

sub post ($self, $path, $body, %headers) {
    return $http->post("$self->{url}$path", { content => $body, headers => { 'Content-Type' => 'application/json', %headers } });
}

1;
