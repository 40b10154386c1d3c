package Weir::Events;

# A stream of server-sent events of a node's admin port, read as browsers do.
#
#   my $events = Weir::Events->open($node->{admin});
#   my $event = $events->next('overview');    # {event, id, data (decoded)}; undef: none in time, or the end
use v5.36;
use JSON::PP qw(decode_json);
use Time::HiRes qw(time);
use Weir::Raw;
use Weir::Base qw(deadline);

sub open ($class, $admin, @headers) {
    my $client = Weir::Raw->connect($admin =~ s{^http://}{}r) // return undef;
    $client->send(request(GET => '/v1/events', undef, 'Accept: text/event-stream', @headers));
    my $self = bless { client => $client }, $class;
    $self->_until(qr/\r\n\r\n/, deadline(10)) or return $self;
    ($self->{head}, $client->{in}) = split /\r\n\r\n/, $client->{in}, 2;
    ($self->{status}) = $self->{head} =~ m{^HTTP/1\.1 (\d{3}) };
    return $self;
}

sub status ($self) { return $self->{status} }
sub head ($self) { return $self->{head} }
sub close ($self) { $self->{client}->close }

sub _until ($self, $pattern, $deadline) {
    until ($self->{client}{in} =~ $pattern) { return 0 if !$self->{client}->_read_more($deadline) }
    return 1;
}

# The next one of that name, others are left out; '': of any.
sub next ($self, $name = '', $seconds = 10) {
    my $deadline = deadline($seconds);
    while ($self->_until(qr/\n\n/, $deadline)) {
        $self->{client}{in} =~ s/\A(.*?)\n\n//s;
        my %event = (event => 'message');
        for (split /\n/, $1) {
            my ($field, $value) = /^([a-z]*): ?(.*)\z/ or die "bad line in an event: $_\n";
            die "twice in an event: $field\n" if exists $event{$field} && $field ne 'event' && $field ne '';
            $event{$field} = $value if $field ne '';
        }
        next if !exists $event{data} || $name ne '' && $event{event} ne $name;
        return { %event, data => decode_json($event{data}) };
    }
    return undef;
}

1;
