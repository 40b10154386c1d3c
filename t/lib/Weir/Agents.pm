package Weir::Agents;

# Log agents as they are, with the configurations that docs/agents/ has, pointed at a node.
#
#   use Weir::Agents;                                          # skips the test where the agents are not there
#   my $agents = Weir::Agents->new(cluster => $cluster);       # may_fail => 1: an agent that gives up is no surprise
#                                                              # smallest => 1: with the smallest configuration that works
#                                                              # tls => { ca, cert, key }: files; by TLS, believing that authority
#   my $run = $agents->start('pino-loki', count => 1000, gap_ms => 0);
#   $agents->finish($run);                                     # {status, log, ids => {number => times}}
#
# Weir::AgentTable says of each how it is started. A record is "NAME-0000" and so on, so that each is known by its number.
use v5.36;
use File::Path qw(make_path);
use Test::More ();
use Weir::AgentTable;
use Weir::Base qw(checkout folder slurp);
use Weir::Process;
use Weir::Test qw(wait_until);

my $tools;

sub tools () { return $tools }

sub import ($class) {
    my $script = checkout . '/scripts/test-tools.sh agents';
    my $is_ci = ($ENV{CI} // '') eq 'true';
    chomp($tools = $is_ci ? `$script` : `$script --find`);
    return if $tools;
    die "no agents: $script has failed\n" if $is_ci;
    Test::More::plan(skip_all => 'the agents are not there: scripts/test-tools.sh agents fetches them');
}

sub new ($class, %options) {
    my $folder = folder . '/agents';
    make_path($folder);
    symlink "$tools/node_modules", "$folder/node_modules" if !-e "$folder/node_modules";
    return bless { folder => $folder, %options }, $class;
}

# A block of a page: ```LANGUAGE NAME, or NAME-smallest where there is one and the smallest is wanted.
sub block ($name, $is_smallest = 0) {
    my $page = Weir::AgentTable::row($name)->{page};
    my $wanted = Weir::AgentTable::row($name)->{block} // $name;
    my $text = slurp(checkout . "/docs/agents/$page.md");
    return $1 if $is_smallest && $text =~ /^```\S+ \Q$wanted\E-smallest\n(.*?)^```$/ms;
    return $text =~ /^```\S+ \Q$wanted\E\n(.*?)^```$/ms ? $1 : die "docs/agents/$page.md has no block $wanted\n";
}

# The configuration of the page, for this node.
sub configuration ($self, $name, $addr) {
    my ($host, $port) = $addr =~ /^(.+):(\d+)$/;
    my $text = block($name, $self->{smallest});
    $text = Weir::AgentTable::row($name)->{edit}->($text) if Weir::AgentTable::row($name)->{edit};
    $text = $self->by_tls($text) if $self->{tls};
    return $text =~ s/weir\.example/$host/gr =~ s/\b(?:8080|5514|12201|24224)\b/$port/gr;
}

# Those of JavaScript find the files in their environment. Node.js warns of an address in the place of a name.
sub by_tls ($self, $text) {
    my ($ca, $cert, $key) = map { "open('$_', 'rb').read()" } $self->{tls}->@{qw(ca cert key)};
    $text =~ s{http://}{https://}g;
    return $text =~ s{grpc\.insecure_channel\((.*?)\)$}{grpc.secure_channel($1, grpc.ssl_channel_credentials($ca, $key, $cert))}mr;
}

sub environment ($self) {
    my %files = %{ $self->{tls} // return };
    my $otel = 'OTEL_EXPORTER_OTLP';
    return ('env', 'NODE_NO_WARNINGS=1', "NODE_EXTRA_CA_CERTS=$files{ca}", "${otel}_CERTIFICATE=$files{ca}", "${otel}_CLIENT_CERTIFICATE=$files{cert}", "${otel}_CLIENT_KEY=$files{key}");
}

sub write_file ($self, $name, $text) {
    my $path = "$self->{folder}/$name";
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
    return $path;
}

# Options: count, gap_ms (between two records), addr (of the node, or of its listener).
sub start ($self, $name, %options) {
    state $n = 0;
    my $row = Weir::AgentTable::row($name);
    my %run = (name => $name, count => 1000, gap_ms => 0, addr => $self->{cluster}->node(1)->{ $row->{listener} // 'ingest' }, %options);
    $run{folder} = sprintf '%s/%s.%d', $self->{folder}, $name, ++$n;
    make_path($run{folder});
    symlink "$tools/node_modules", "$run{folder}/node_modules";
    my @command = $row->{start}->($self, \%run);
    $run{process} = Weir::Process->start([ $self->environment, @command ], name => $name, may_end => 1);
    $run{process}{is_expected} = 1 if $self->{may_fail};
    return \%run;
}

# The agent has ended by itself; one that never does is ended once all of its records are there, or the time is over.
sub finish ($self, $run, $seconds = 15) {
    my $process = $run->{process};
    my $row = Weir::AgentTable::row($run->{name});
    if ($row->{stays}) {
        eval { wait_until { $self->n_there($run) >= $run->{count} } $seconds, "$run->{name} to have sent all"; 1 };
        $run->{status} = $process->end;
    } else {
        $run->{status} = $process->wait_end($seconds) // $process->kill_now;
    }
    $run->{log} = join '', grep { !$row->{noise} || $_ !~ $row->{noise} } split /^/m, $process->log;
    return $run;
}

# It has ended by itself; of one that never does, all records are there.
sub is_over ($self, $run) {
    return Weir::AgentTable::row($run->{name})->{stays} ? $self->n_there($run) >= $run->{count} : $run->{process}->has_ended;
}

sub start_all ($self, $names, %options) { return map { $self->start($_, %options) } @$names }

# Number of a record -> how often analyzers have it.
sub ids ($self, $run) {
    my %times;
    for my $record ($self->{cluster}{records}->@*) {
        my $text = slurp($record->[1]);
        $times{$1}++ while $text =~ /(?<![\w-])\Q$run->{name}\E-(\d{4})\b/g;
    }
    my $says = Weir::AgentTable::row($run->{name})->{says} // 1;
    $_ /= $says for values %times;
    return \%times;
}

sub n_there ($self, $run) { return scalar keys $self->ids($run)->%* }

# [records that nobody has, records that somebody has more than once]
sub verdict ($self, $run) {
    my $ids = $self->ids($run);
    return [ $run->{count} - keys %$ids, scalar grep { $_ > 1 } values %$ids ];
}

1;
