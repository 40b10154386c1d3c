package Weir::Grpc;

# Calls of gRPC by curl, which shows all that an answer has.
#
#   my $answer = by_h2("http://$addr$path", message($bytes), CALL, @more);   # {http, body, and each field, lower-case}
use v5.36;
use Exporter qw(import);
use Weir::Base qw(folder slurp);
use Weir::Process;

our @EXPORT = qw(CALL by_h2 message);
use constant CALL => ('-H', 'content-type: application/grpc', '-H', 'te: trailers');

# The message of a call, with its prefix.
sub message ($bytes, $flag = 0) { return pack('CN', $flag, length $bytes) . $bytes }

# The answer to a request with such a body; further arguments are those of curl.
sub by_h2 ($url, $body, @arguments) {
    state $n = 0;
    my $file = folder . '/call.' . ++$n;
    open my $out, '>', $file or die "$file: $!";
    binmode $out;
    print $out $body;
    close $out or die "$file: $!";
    my $version = $url =~ /^https/ ? '--http2' : '--http2-prior-knowledge';
    my $curl = Weir::Process->start([ 'curl', '-sS', '--max-time', 60, $version, '-D', "$file.head", '--data-binary', "\@$file", @arguments, $url ], stdout => "$file.body", may_end => 1);
    $curl->wait_end(60) // die "curl does not end\n";
    my $head = slurp("$file.head");
    return { http => $head =~ m{^HTTP/\S+ (\d+)}, body => slurp("$file.body"), map { lc($_->[0]) => $_->[1] } map { [ /^([\w-]+): (.*?)\r$/ ] } grep { /: / } split /\n/, $head };
}

1;
