package Weir::Listed;

# Analyzers that do not register, for tests of what nodes list.
use v5.36;
use Exporter qw(import);
use Weir::Test;

our @EXPORT = qw(listed sources_of states_of unregistered write_whole);

# A weir-analyzer that registers nowhere; {addr} is where it listens.
sub unregistered ($id, @more) {
    my $analyzer = Weir::Process->start([ 'weir-analyzer', '--id', $id, '--listen', '127.0.0.1:0', @more ], name => $id);
    $analyzer->{addr} = $analyzer->wait_log(qr/msg=listening .*addr=(\S+)/);
    return $analyzer;
}

# {id => analyzer as the API shows it}, of those whose lease runs.
sub listed ($cluster, $node = 1) { return { map { $_->{id} => $_ } grep { defined $_->{heartbeat_age_ms} && $_->{heartbeat_age_ms} < $_->{ttl_ms} } @{ $cluster->cluster($node)->{analyzers} } } }
sub sources_of ($cluster) { my $listed = listed($cluster); return join ' ', map { "$_:$listed->{$_}{source}" } sort keys %$listed }
sub states_of ($cluster) { my $listed = listed($cluster); return join ' ', map { "$_:$listed->{$_}{weight}:$listed->{$_}{state}" } sort keys %$listed }

# A file is replaced at once, so that nobody reads half of it.
sub write_whole ($path, $text) {
    open my $out, '>', "$path.new" or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";
    rename "$path.new", $path or die "$path: $!";
}

1;
