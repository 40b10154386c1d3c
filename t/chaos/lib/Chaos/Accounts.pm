package Chaos::Accounts;

# What was acknowledged against what was recorded, packet by packet. Ids of packets are PREFIX-NUMBER, so a byte for each
# number will do, however long the run was. Each agent has a prefix of its own.
use v5.36;

# Options: agents ({name => {prefix, acked (path)}}), records (paths).
sub new ($class, %options) {
    my $self = bless { %options, n_twice => 0, n_recorded => 0, lost => [] }, $class;
    $self->{times} = { map { ($_->{prefix} => '') } values %{ $self->{agents} } };
    $self->_read_records;
    $self->{n_acked} = { map { ($_ => $self->_read_acked($_)) } sort keys %{ $self->{agents} } };
    return $self;
}

# {agent => packets}
sub n_acked ($self) { return $self->{n_acked} }
sub n_recorded ($self) { return $self->{n_recorded} }

# Packets that are in the records more than once.
sub n_duplicates ($self) { return $self->{n_twice} }

# Packets that were acknowledged and are in no record: [{id, agent, at (place in its file of acknowledged ids)}].
sub lost ($self) { return @{ $self->{lost} } }

# Only whole lines count: a line is written before its packet is acknowledged. An id is that of a packet of JSON, or the text of a record of OTLP.
sub _read_records ($self) {
    my $times = $self->{times};
    my $prefix = join '|', map { quotemeta } keys %$times;
    my $id = qr/^\{(?:"id"|.*"stringValue"):"($prefix)-(\d+)".*\}\n\z/;
    for my $path (@{ $self->{records} }) {
        open my $file, '<:raw', $path or next; # killed before it had opened it
        while (my $line = <$file>) {
            my ($prefix, $number) = $line =~ $id or next; # none of the load, or half a line
            my $n = vec $times->{$prefix}, $number, 8;
            vec($times->{$prefix}, $number, 8) = $n + 1 if $n < 255;
            $self->{n_recorded}++ if !$n;
            $self->{n_twice}++ if $n == 1;
        }
    }
}

sub _read_acked ($self, $name) {
    my ($prefix, $path) = @{ $self->{agents}{$name} }{qw(prefix acked)};
    open my $file, '<:raw', $path or die "$path: $!\n";
    my ($at, $n) = (0, 0);
    while (my $line = <$file>) {
        my ($number) = $line =~ /^\Q$prefix\E-(\d+)\n\z/ or die "$path: what is '$line'?\n";
        push @{ $self->{lost} }, { id => "$prefix-$number", agent => $name, at => $at } if !vec $self->{times}{$prefix}, $number, 8;
        $at += length $line;
        $n++;
    }
    return $n;
}

# Where an id is found in what the run has left behind: names of files.
sub traces ($class, $folder, $id) {
    my @found;
    for my $path (grep { -f } glob "$folder/* $folder/redis*/* $folder/redis*/*/*") {
        next if $path =~ /\.acked$/;
        open my $file, '<:raw', $path or next;
        my ($tail, $n) = ('');
        while ($n = read $file, my $piece, 1 << 20) {
            my $text = $tail . $piece;
            push(@found, $path =~ s{^\Q$folder\E/}{}r), last if $text =~ /\Q$id\E(?!\d)/;
            $tail = substr $text, -100;
        }
    }
    return @found;
}

1;
