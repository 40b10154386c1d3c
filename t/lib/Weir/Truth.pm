package Weir::Truth;

# Makes a trouble for real, and holds what every tool says of it against what must come.
#
#   my $truth = Weir::Truth->start(nodes => 2, analyzers => {a1 => 1, a2 => 1});
#   $truth->begins('a2 is killed', sub { ... }, kind => 'analyzer_unreachable', subject => 'a2', level => 'trouble',
#       text => qr/refused/, row => sub ($a) { $a->{check}{error} }, event => 'breaker', alert => 'WeirAnalyzerUnreachable',
#       labels => { analyzer => 'a2' }, within => 15);
#   $truth->ends('a2 is back', sub { ... }, within => 40);     # no cause is left, no alert fires, and all is well
#
# What comes is looked for in the overview (headline, cause, row), `weirctl status`, the journal, and the alerts of a
# Prometheus that has the project's rules (Weir::Prometheus; without one, alerts are left out). Deadlines end what hangs;
# what each tool said, and after how many seconds, goes into a table (WEIR_TRUTH_TABLE=file).
use v5.36;
use Exporter qw(import);
use List::Util qw(min);
use Test::More;
use Time::HiRes qw(time);
use Weir::Build qw(checkout);
use Weir::Cluster;
use Weir::Prometheus;
use Weir::Test;

sub start ($class, %options) {
    my $self = bless { cluster => Weir::Cluster->start(analyzers => { a1 => 1, a2 => 1 }, nodes => 1, %options) }, $class;
    $self->load(%{ $options{load} // {} });
    $self->{prometheus} = Weir::Prometheus->start($self->cluster->nodes) if Weir::Prometheus::is_there();
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
    return $headline;
}

# ---- what each tool says ----

# Through the node, which needs no Redis, and straight from Redis where it answers: the line about this cause.
sub _status ($self, $cause, $want) {
    my ($begin) = $cause->{text} =~ /^(?:\d+ )?(\D{1,24})/; # figures differ from look to look
    my $like = $want->{status} // qr/\Q$begin\E/;
    my $node = $self->cluster->node($want->{node} // 1);
    my @ways = (['--admin', $node->{admin}], $want->{kind} eq 'redis' ? () : ['--redis', $self->cluster->redis->url]);
    my $line;
    for my $way (@ways) {
        $self->patiently(20, sub { ($line) = grep { /$like/ } split /\n/, run('weirctl', @$way, 'status')->{stdout} }, "weirctl $way->[0] status");
        pass("  weirctl $way->[0] status says so");
    }
    return $line =~ s/^ +//r;
}

# The row of the page that is about it, in words.
sub _row ($self, $cause, $want) {
    my $row = $want->{row};
    $self->patiently(20, sub { grep { $_->{id} eq $want->{subject} && $row->($_) } @{ $self->overview->{analyzers} } }, 'the row') if $row;
    pass('  the row says so') if $row;
    my $overview = $self->overview($want->{node} // 1);
    my $subject = $want->{subject} // '';
    my $kind = $want->{kind};
    return "Redis: $overview->{redis}{state}" . ($overview->{redis}{error} ? " ($overview->{redis}{error})" : '') if $kind eq 'redis';
    return 'nodes: ' . join ' ', map { $_->{id} } @{ $overview->{nodes} } if $kind eq 'node_lost';
    return "spill: $overview->{spill}{packets} packets" if $kind =~ /^spill/ || $subject eq 'spill_full';
    return "dead letters: $overview->{dead}{packets}" if $kind eq 'dead_letters';
    return (grep { $_->{code} eq $subject } @{ http(GET => $self->cluster->node(1)->{admin} . '/v1/refusals')->{json}{refusals} })[0]{text} if $kind eq 'agents_refused';
    my @rows = map { "$_->{id} $_->{health}" . (defined $_->{p99_ms} ? sprintf ', p99 %.0f ms', $_->{p99_ms} : '')
            . ($_->{error_ratio} ? sprintf ', %.0f %% failed', 100 * $_->{error_ratio} : '') . ($_->{check}{error} ? ", $_->{check}{error}" : '') }
        grep { !$subject || $_->{id} eq $subject } @{ $overview->{analyzers} };
    return join '; ', @rows;
}

# An entry of the journal. What befalls Redis can be told only when Redis can be written: then ends() looks for it.
sub _event ($self, $want) {
    my $kind = $want->{event};
    my $from = min($want->{began}, map { $_->{want}{began} } @{ $self->{under_way} }); # one trouble may lead to another
    my $found;
    $self->patiently(20, sub {
        my $events = http(GET => $self->cluster->node($want->{node} // 1)->{admin} . '/v1/events')->{json}{events};
        ($found) = grep { $_->{kind} =~ /^(?:$kind)$/ && ($_->{time_ms} >= 1000 * $from - 5000) && (!$want->{event_text} || $_->{text} =~ $want->{event_text}) } reverse @$events;
        return $found;
    }, "an event $kind");
    pass("  an event tells it: $found->{text}");
    return $found->{text};
}

# When it began to fire does not depend on when it is looked for: Prometheus keeps that.
sub _alert ($self, $want) {
    return ('no Prometheus', 0) if !$self->{prometheus};
    my $at;
    $self->patiently(40, sub { $at = $self->{prometheus}->fired($want->{alert}, $want->{labels} // {}, $want->{began}) }, "the alert $want->{alert}");
    pass("  the alert $want->{alert} fires");
    return ($want->{alert}, $at - $want->{began});
}

sub _note ($self, @cells) {
    note(join ' | ', @cells);
    return if !$ENV{WEIR_TRUTH_TABLE};
    open my $file, '>>', $ENV{WEIR_TRUTH_TABLE} or die "$ENV{WEIR_TRUTH_TABLE}: $!";
    printf $file "| %s |\n", join ' | ', map { s/\|/\\|/gr } @cells;
    close $file or die $!;
}

sub begins ($self, $what, $make, %want) {
    $want{began} = time;
    $make->();
    my $cause = $self->patiently($want{within} // 15, sub { $self->_find(\%want) }, "$what: $want{kind}");
    my $seconds = time - $want{began};
    pass("$what: $cause->{text}");
    my $headline = $self->_check_cause($cause, \%want, $want{began});
    my $row = $self->_row($cause, \%want);
    my $status = $self->_status($cause, \%want);
    my ($alert, $alert_s) = $self->_alert(\%want);
    my $event = $want{event} ? $self->_event(\%want) : undef;
    push @{ $self->{under_way} }, { what => $what, want => \%want, cells => [ $headline, $row, $status, $event, $alert, sprintf('%.1f', $seconds), sprintf('%.1f', $alert_s) ] };
    return $cause;
}

sub ends ($self, $what, $make, %want) {
    my $began = time;
    $make->();
    $self->{prometheus}->watch(grep { !$_->has_ended } $self->cluster->nodes) if $self->{prometheus};
    $self->wait_well($want{within} // 60);
    my $seconds = time - $began;
    pass("$what: all is well again");
    $self->patiently(20, sub { run('weirctl', '--redis', $self->cluster->redis->url, 'status')->{stdout} =~ /^All is well/m }, 'weirctl status to say that all is well');
    pass('  weirctl status says so, too');
    $self->patiently(60, sub { !$self->{prometheus}->firing }, 'no alert to fire any more') if $self->{prometheus};
    pass('  no alert fires any more');
    for my $trouble (splice @{ $self->{under_way} }) {
        $trouble->{cells}[3] //= $self->_event({ %{ $trouble->{want} }, event => $trouble->{want}{event_later} }) if $trouble->{want}{event_later};
        $trouble->{cells}[3] //= '-';
        $self->_note($trouble->{what}, @{ $trouble->{cells} }, sprintf('%.1f', $seconds));
    }
}

# That a trouble is over has an entry, too. It comes some time after all is well.
sub tells ($self, $kind, $text) {
    my @found;
    $self->patiently(60, sub {
        @found = grep { $_->{kind} eq $kind && $_->{text} =~ $text } @{ http(GET => $self->cluster->node(1)->{admin} . '/v1/events')->{json}{events} };
        return scalar @found;
    }, "an event $kind like $text");
    is(scalar @found, 1, "one event tells it: $found[0]{text}");
}

1;
