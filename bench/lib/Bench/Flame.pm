package Bench::Flame;

# Where a process spends its time, as a picture: each box is a function, its width is the part of all samples in which
# it runs or waits for one above it. Below are callers, above are those that they call.
#
#   my $stacks = Bench::Flame::fold($text_of_perf_script);   # {'main;read;memcpy' => samples}
#   print {$file} Bench::Flame::draw($stacks, 'title');
# The idea is Brendan Gregg's (flame graphs, 2011).
use v5.36;
use List::Util qw(sum0);

use constant { WIDTH => 1200, ROW => 17, LEFT => 10, LEAST => 0.003, TOP => 40 };

# What is in every stack, and what only wraps a call.
my $dull = qr/^(?:__libc_start|_start$|start_thread|clone3?$|__clone|main$|event_base_loop$|entry_SYSCALL|do_syscall_64$|x64_sys_call$|__[xi]\w+_sys_)/;

# A frame by its name; a letter says whose it is: k of the kernel, l of a library.
sub _frame ($line) {
    my ($symbol, $object) = $line =~ /^\s*[0-9a-f]+ (.*) \(([^()]*)\)$/ or return ();
    $symbol =~ s/\+0x[0-9a-f]+$//;
    return () if $symbol =~ $dull;
    my $whose = $object =~ /kernel|^\[/ ? '_k' : $object =~ /weir|inlined/ && $symbol !~ /^__/ ? '' : '_l';
    $symbol = (split m{/}, $object)[-1] if $symbol eq '[unknown]';
    return $symbol =~ s/;/:/gr . $whose;
}

sub fold ($text) {
    my %stacks;
    for my $sample (split /\n\n+/, $text) {
        my @frames = map { _frame($_) } grep { /^\s/ } split /\n/, $sample;
        $stacks{ join ';', reverse @frames }++ if @frames;
    }
    return \%stacks;
}

# {n, below: {name => node}}
sub _tree ($stacks) {
    my $root = { n => 0, below => {} };
    while (my ($stack, $n) = each %$stacks) {
        my $node = $root;
        $node->{n} += $n;
        for my $name (split /;/, $stack) {
            $node = $node->{below}{$name} //= { n => 0, below => {} };
            $node->{n} += $n;
        }
    }
    return $root;
}

# The part of all samples that have this function anywhere.
sub part ($stacks, $pattern) {
    my $all = sum0 values %$stacks or return 0;
    return sum0(map { $stacks->{$_} } grep { /$pattern/ } keys %$stacks) / $all;
}

sub _escape ($text) { return $text =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr =~ s/"/&quot;/gr }

sub _colour ($name) {
    my ($from, $to) = $name =~ /_k$/ ? ([ 120, 160, 210 ], [ 160, 195, 235 ]) : $name =~ /_l$/ ? ([ 225, 195, 90 ], [ 245, 220, 140 ]) : ([ 220, 110, 70 ], [ 245, 160, 110 ]);
    my $at = unpack('%32C*', $name) % 17 / 16;
    return sprintf 'rgb(%d,%d,%d)', map { $from->[$_] + $at * ($to->[$_] - $from->[$_]) } 0 .. 2;
}

sub _place ($node, $all, $x, $level, $boxes) {
    for my $name (sort keys $node->{below}->%*) {
        my $below = $node->{below}{$name};
        my $width = (WIDTH - 2 * LEFT) * $below->{n} / $all;
        if ($below->{n} / $all >= LEAST) {
            push @$boxes, { name => $name, x => $x, level => $level, width => $width, part => $below->{n} / $all };
            _place($below, $all, $x, $level + 1, $boxes);
        }
        $x += $width;
    }
}

sub draw ($stacks, $title) {
    my $root = _tree($stacks);
    my @boxes;
    _place($root, $root->{n}, LEFT, 0, \@boxes);
    my ($levels) = sort { $b <=> $a } map { $_->{level} } @boxes;
    my $height = TOP + ROW * ($levels + 1) + 10;
    my $svg = sprintf qq{<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">\n<rect width="100%%" height="100%%" fill="#fff"/>\n<text x="%d" y="16" font-size="14">%s</text>\n},
        WIDTH, $height, LEFT, _escape($title);
    $svg .= sprintf qq{<text x="%d" y="32" fill="#555">%d samples; red: Weir, yellow: libraries, blue: the kernel</text>\n}, LEFT, $root->{n};
    for my $box (@boxes) {
        my ($name, $y) = ($box->{name} =~ s/_[kl]$//r, $height - 10 - ROW * ($box->{level} + 1));
        my $room = int(($box->{width} - 4) / 6.2);
        my $text = $room < 3 ? '' : length $name > $room ? substr($name, 0, $room - 2) . '..' : $name;
        $svg .= sprintf qq{<g><title>%s: %.1f %%</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" stroke="#fff" stroke-width=".5"/>}
            . ($text && '<text x="%.1f" y="%d">%s</text>') . "</g>\n", _escape($name), 100 * $box->{part}, $box->{x}, $y, $box->{width}, ROW - 1, _colour($box->{name}),
            $text ? ($box->{x} + 2, $y + 12, _escape($text)) : ();
    }
    return $svg . "</svg>\n";
}

1;
