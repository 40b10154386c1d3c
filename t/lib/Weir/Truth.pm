package Weir::Truth;

# Makes a trouble for real, and holds what every tool says of it against what must come.
#
#   my $truth = Weir::Truth->start(nodes => 2, analyzers => {a1 => 1, a2 => 1});
#   $truth->begins('a2 killed', sub { ... }, kind => 'analyzer_unreachable', subject => 'a2', level => 'trouble',
#       text => qr/refused/, row => sub ($a) { $a->{check}{error} }, status => qr/a2 is out/, event => 'breaker',
#       alert => 'WeirAnalyzerUnreachable', metric => sub ($m) { $m->{weir_breaker_workers} }, within => 15);
#   $truth->ends('a2 is back', sub { ... }, within => 40);     # no cause is left, and all is well
#
# What comes is looked for in the overview (headline, cause, row), `weirctl status`, the journal, and the metrics that
# the alert's expression is made of. Deadlines end what hangs; seconds are noted for the table (WEIR_TRUTH_TABLE=file).
use v5.36;
use Exporter qw(import);
use Test::More;
use Time::HiRes qw(time);
use Weir::Build qw(checkout);
use Weir::Cluster;
use Weir::Test;

sub start ($class, %options) {
    my $self = bless { cluster => Weir::Cluster->start(analyzers => { a1 => 1, a2 => 1 }, nodes => 1, %options), url => undef }, $class;
    $self->load(%{ $options{load} // {} });
    $self->wait_well(30);
    return $self;
}

sub cluster ($self) { return $self->{cluster} }

# A steady load, small enough for any machine.
sub load ($self, %more) {
    $self->{load} = $self->cluster->begin_load(rate => 100, messages => 3, connections => 8, duration => 0, %more);
}

sub overview ($self, $i = 1) {
    my $response = http(GET => $self->cluster->node($i)->{admin} . '/v1/overview');
    return $response->{json} // die "overview: $response->{status}\n";
}

sub causes ($self, $i = 1) { return grep { $_->{level} =~ /^(?:warn|trouble)$/ } @{ $self->overview($i)->{verdict}{causes} } }

sub is_well ($self) {
    my $verdict = $self->overview->{verdict};
    return $verdict->{headline} =~ /^All is well/ && $verdict->{level} =~ /^(?:ok|note)$/;
}

sub wait_well ($self, $seconds) {
    $self->patiently($seconds, sub { $self->is_well }, 'all to be well');
}

# As wait_until; when it does not come, the verdict is told.
sub patiently ($self, $seconds, $check, $what) {
    my $found = eval { wait_until { $check->() } $seconds, $what };
    return $found if $found;
    my $verdict = eval { $self->overview->{verdict} } // {};
    diag("$what: $verdict->{headline}", map { "\n  $_->{kind} " . ($_->{subject} // '-') . ": $_->{text}" } @{ $verdict->{causes} });
    die $@;
}

sub _find ($self, $want) {
    my ($cause) = grep { $_->{kind} =~ /^(?:$want->{kind})$/ && (!$want->{subject} || ($_->{subject} // '') eq $want->{subject}) }
        @{ $self->overview($want->{node} // 1)->{verdict}{causes} };
    return $cause && (!$want->{text} || $cause->{text} =~ $want->{text}) && (!$want->{level} || $cause->{level} eq $want->{level}) ? $cause : undef;
}

# The lines of the cause itself: since when, whose view, and where the runbook has it.
sub _check_cause ($self, $cause, $want, $began) {
    cmp_ok($cause->{since_ms} / 1000, '>=', $began - 5, '  it began with the trouble') if $want->{since};
    like($cause->{last_error} // '', $want->{error}, '  the last error is told') if $want->{error};
    is("@{ $cause->{nodes} }", $want->{nodes}, '  whose view it is') if defined $want->{nodes};
    like(slurp(checkout . '/docs/runbook.md'), qr/^## \Q$cause->{heading}\E$/m, "  the runbook has $cause->{heading}");
    my $headline = $self->overview($want->{node} // 1)->{verdict}{headline};
    unlike($headline, qr/All is well/, "  headline: $headline");
}

sub _check_tools ($self, $want) {
    my $seconds = 20;
    if (my $row = $want->{row}) {
        $self->patiently($seconds, sub { grep { $_->{id} eq $want->{subject} && $row->($_) } @{ $self->overview->{analyzers} } }, 'the row');
        pass('  the row says so');
    }
    if (my $status = $want->{status}) {
        $self->patiently($seconds, sub { run('weirctl', '--redis', $self->cluster->redis->url, 'status')->{stdout} =~ $status }, 'weirctl status');
        pass('  weirctl status says so');
    }
    if (my $kind = $want->{event}) {
        $self->patiently($seconds, sub { grep { $_->{kind} =~ /^(?:$kind)$/ } @{ http(GET => $self->cluster->node(1)->{admin} . '/v1/events')->{json}{events} } }, "an event $kind");
        pass("  an event of kind $kind tells it");
    }
    if (my $metric = $want->{metric}) {
        $self->patiently($seconds, sub { $metric->(metrics($self->cluster->node($want->{node} // 1))) }, 'the metric');
        like(slurp(checkout . '/helm/weir/dashboards/rules.yaml'), qr/alert: $want->{alert}$/m, "  what $want->{alert} looks at says so");
    }
}

sub _note ($what, $text, $seconds) {
    note(sprintf '%s -> %s, %.1f s', $what, $text, $seconds);
    return if !$ENV{WEIR_TRUTH_TABLE};
    open my $file, '>>', $ENV{WEIR_TRUTH_TABLE} or die "$ENV{WEIR_TRUTH_TABLE}: $!";
    printf $file "| %s | %s | %.1f |\n", $what, $text, $seconds;
    close $file or die $!;
}

sub begins ($self, $what, $make, %want) {
    my $began = time;
    $make->();
    my $cause = $self->patiently($want{within} // 15, sub { $self->_find(\%want) }, "$what: $want{kind}");
    pass("$what: $cause->{text}");
    _note($what, "$cause->{level}: $cause->{text}", time - $began);
    $self->_check_cause($cause, \%want, $began);
    $self->_check_tools(\%want);
    return $cause;
}

sub ends ($self, $what, $make, %want) {
    my $began = time;
    $make->();
    $self->wait_well($want{within} // 60);
    pass("$what: all is well again");
    _note($what, 'all is well', time - $began);
}

1;
