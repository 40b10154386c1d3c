package Chaos::Agents;

# Who sends: weir-loadgen by HTTP/1.1, for all that is measured; and beside it others, at a part of its rate.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Chaos::Process qw(slurp);

my $program = abs_path(dirname(abs_path(__FILE__)) . '/../../agent.py');

# In the order of the report: the part of the rate, its way to a node, and what --help says.
my @kinds = (
    [ http => 1, 'plain', 'weir-loadgen by HTTP/1.1; it is always there' ],
    [ tls => 1 / 4, 'tls', 'the same with TLS' ],
    [ h2 => 1 / 20, 'tls', 'HTTP/2 with TLS, by python3-h2' ],
    [ grpc => 1 / 20, 'plain', 'OTLP by gRPC, by python3-h2' ],
);

sub names () { return map { $_->[0] } @kinds }
sub help () { return join '', map { sprintf "  %-18s %s\n", @$_[ 0, 3 ] } @kinds }
sub needs_tls (@names) { return scalar grep { my ($name, undef, $way) = @$_; $way eq 'tls' && grep { $_ eq $name } @names } @kinds }

# Options: cluster, folder, bin, prefix, rate, timeout (seconds for an attempt), connections and duration_ms of weir-loadgen, names.
sub start ($class, %options) {
    my %wanted = map { ($_ => 1) } http => @{ $options{names} };
    my $self = bless { %options, agents => {} }, $class;
    for my $kind (grep { $wanted{ $_->[0] } } @kinds) {
        my ($name, $part, $way) = @$kind;
        my $agent = { prefix => "$self->{prefix}.$name", acked => "$self->{folder}/$name.acked", report => "$self->{folder}/$name.json", rate => $self->{rate} * $part, part => $part, way => $way };
        my @command = $name =~ /^(?:http|tls)$/ ? $self->_loadgen($agent) : $self->_python($name, $agent);
        $agent->{process} = Chaos::Process->new("agent-$name", $self->{folder}, sub ($n) { @command }, ends => 1, stdout => $agent->{report});
        $agent->{process}->start;
        $self->{agents}{$name} = $agent;
    }
    return $self;
}

sub _ca ($self, $agent) { return $agent->{way} eq 'tls' ? ('--ca', $self->{cluster}->ca) : () }

sub _loadgen ($self, $agent) {
    my $connections = int $self->{connections} * $agent->{part};
    return ("$self->{bin}/weir-loadgen", '--target', join(',', $self->{cluster}->targets($agent->{way})), $self->_ca($agent), '--rate', $agent->{rate},
        '--duration', "$self->{duration_ms}ms", '--messages', '1-9', '--bytes', 60, '--connections', $connections,
        '--timeout', "$self->{timeout}s", '--retries', 1000, '--acked', $agent->{acked}, '--id-prefix', $agent->{prefix}, '--json');
}

sub _python ($self, $name, $agent) {
    my @targets = map { m{://([^/]+)}g } $self->{cluster}->targets($agent->{way});
    return ('/usr/bin/python3', $program, '--kind', $name, '--prefix', $agent->{prefix}, '--acked', $agent->{acked}, '--rate', $agent->{rate}, '--timeout', $self->{timeout}, $self->_ca($agent), @targets);
}

sub _processes ($self) { return map { $_->{process} } values %{ $self->{agents} } }
sub are_running ($self) { return scalar grep { $_->is_running } $self->_processes }

# The names of those that have ended.
sub ended ($self) { return grep { !$self->{agents}{$_}{process}->is_running } sort keys %{ $self->{agents} } }

# They send nothing new.
sub ask_to_end ($self) { $_->signal('INT') for $self->_processes }
sub kill_now ($self) { $_->kill_now for $self->_processes }

# {name => {prefix, acked}}
sub all ($self) { return $self->{agents} }

# What it says at its end; undef: nothing.
sub report ($self, $name) { return eval { decode_json(slurp($self->{agents}{$name}{report})) } }

1;
