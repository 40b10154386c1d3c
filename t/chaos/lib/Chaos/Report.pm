package Chaos::Report;

# The result of a run, for people and as JSON.
use v5.36;
use JSON::PP ();
use List::Util qw(sum0);

use constant LOST_SHOWN => 20;

sub _counts ($counts) { return join ', ', map { "$_ $counts->{$_}" } sort keys %$counts }

# {status or reason => packets}: answers that were tried again, and those that were the last.
sub _refusals ($load) {
    my %again = %{ $load->{retried_by} // {} };
    my %final = (%{ $load->{refused}{by_status} // {} }, %{ $load->{failed}{by_reason} // {} });
    return (\%again, \%final);
}

# What another agent than weir-loadgen by HTTP/1.1 sent again, by the reason.
sub _again ($report) { return $report->{again} // $report->{retried_by} // {} }

sub _faults ($result) {
    my $text = sprintf '%d: %s', sum0(values %{ $result->{kinds} }), _counts($result->{kinds});
    my %why = ('empty-redis' => 'the spill was not empty', 'move-slot' => 'the move before it had not ended');
    return join '', $text, map { " ($result->{skipped}{$_} $_ left out: $why{$_})" } sort keys %{ $result->{skipped} };
}

sub _shares ($result) {
    my @gaps = @{ $result->{gaps} } or return 'in no quiet gap was all well for long enough';
    return sprintf 'at most %.2f %% off (from %.1f s on), over %d messages in %d quiet gaps',
        $gaps[0]{error_percent}, $gaps[0]{from_ms} / 1000, sum0(map { $_->{messages} } @gaps), scalar @gaps;
}

sub _shares_at_end ($result) {
    my $calm = $result->{calm} or return 'not measured';
    return sprintf 'at most %.2f %% off, over %d messages, without faults', @$calm{qw(error_percent messages)};
}

sub _pause ($result) {
    my $pause = $result->{pause};
    my $text = sprintf '%.1f s from %.1f s on', $pause->{ms} / 1000, $pause->{at_ms} / 1000;
    return $text . (@{ $pause->{during} } ? ', during ' . join(', ', @{ $pause->{during} }) : '');
}

sub _lost ($lost) {
    my $when = defined $lost->{acknowledged_ms} ? sprintf('at %.1f s', $lost->{acknowledged_ms} / 1000) : 'at some time';
    return sprintf "  %s, acknowledged %s, during %s; found in: %s\n", $lost->{id}, $when,
        join(', ', @{ $lost->{during} }) || 'nothing', join(', ', @{ $lost->{found_in} }) || 'nothing';
}

sub text ($result) {
    my $plan = $result->{plan};
    my ($again, $final) = _refusals($result->{load} // {});
    my @lines = (
        [ faults => _faults($result) ],
        [ acknowledged => "$result->{acknowledged} packets; recorded $result->{recorded}" ],
        [ agents => _counts($result->{by_agent}) ],
        (map { [ $_ => 'sent again: ' . (_counts(_again($result->{others}{$_})) || 'none') ] } sort keys %{ $result->{others} }),
        [ lost => scalar @{ $result->{lost} } ],
        [ duplicates => $result->{duplicates} ],
        [ spill => "at most $result->{spilled} packets; dead letters " . ($result->{dead} // 'unknown') ],
        [ refused => sprintf 'tried again: %s; in the end: %s', _counts($again) || 'none', _counts($final) || 'none' ],
        [ reasons => (_counts($result->{reasons}) || 'none') . ' (by nodes, since their last start)' ],
        [ shares => _shares($result) ],
        [ 'at the end' => _shares_at_end($result) ],
        [ 'longest pause' => _pause($result) ],
        [ relay => _counts($result->{relayed}) || 'nothing' ],
        [ settled => sprintf 'after %.1f s', $result->{settled_ms} / 1000 ],
        [ verify => join ', ', map { "$_->{check} " . ($_->{ok} ? 'ok' : 'NOT OK') } @{ $result->{verify}{checks} } ],
    );
    my $text = sprintf "\nseed %s: %g s, %d packets/s, %d nodes, %d analyzers, appendfsync %s%s\n", $plan->{seed}, $plan->{for_ms} / 1000,
        $result->{rate}, scalar @{ $plan->{nodes} }, scalar @{ $plan->{analyzers} }, $plan->{appendfsync},
        $plan->{is_cluster} ? ', Redis Cluster' : '';
    my $ill = $result->{ill_gaps};
    push @lines, map { [ 'not well' => sprintf 'in the gap from %.1f s on: %s', $_ / 1000, $ill->{$_} ] } sort { $a <=> $b } keys %$ill;
    $text .= sprintf "  %-14s %s\n", @$_ for @lines;
    $text .= "problem: $_\n" for @{ $result->{problems} };
    my @lost = @{ $result->{lost} };
    $text .= join '', "lost:\n", map { _lost($_) } @lost[ 0 .. (@lost < LOST_SHOWN ? $#lost : LOST_SHOWN - 1) ] if @lost;
    return $text . ($result->{ok} ? "ok: nothing is lost\n" : "NOT OK\n");
}

sub json ($result) {
    my ($again, $final) = _refusals($result->{load} // {});
    my $plan = $result->{plan};
    my %shown = (
        %$result{qw(acknowledged by_agent recorded duplicates lost spilled dead problems gaps ill_gaps reasons relayed verify)},
        %$result{qw(rate skipped settled_ms)}, cluster => $plan->{is_cluster} ? JSON::PP::true : JSON::PP::false,
        ok => $result->{ok} ? JSON::PP::true : JSON::PP::false, n_lost => scalar @{ $result->{lost} },
        seed => "$plan->{seed}", for_ms => $plan->{for_ms}, appendfsync => $plan->{appendfsync}, plan => [ $plan->faults ],
        faults => $result->{kinds}, retried => $again, refused => $final, longest_pause => $result->{pause},
        end_share_error_percent => $result->{calm} && $result->{calm}{error_percent},
        worst_share_error_percent => @{ $result->{gaps} } ? $result->{gaps}[0]{error_percent} : undef);
    return JSON::PP->new->canonical->pretty->encode(\%shown);
}

1;
