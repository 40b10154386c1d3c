package Chaos::Accounts;

# What was acknowledged against what was recorded, packet by packet. Ids of packets are PREFIX-NUMBER, so a byte for each
# number will do, however long the run was.
use v5.36;

# Options: prefix, acked (path), records (paths).
sub new ($class, %options) {
    my $self = bless { %options, times => '', n_acked => 0, n_twice => 0, n_recorded => 0, lost => [], torn => [] }, $class;
    $self->_read_records;
    $self->_read_acked;
    return $self;
}

sub n_acked ($self) { return $self->{n_acked} }
sub n_recorded ($self) { return $self->{n_recorded} }

# Packets that are in the records more than once.
sub n_duplicates ($self) { return $self->{n_twice} }

# Packets that were acknowledged and are in no record: [{id, at (place in the file of acknowledged ids)}].
sub lost ($self) { return @{ $self->{lost} } }

# Only whole lines count: a line is written before its packet is acknowledged.
sub _read_records ($self) {
    my $id = qr/^\{"id":"\Q$self->{prefix}\E-(\d+)".*\}$/;
    for my $path (@{ $self->{records} }) {
        open my $file, '<:raw', $path or next; # killed before it had opened it
        while (my $line = <$file>) {
            next if $line =~ /^\{"id":"(?:poison|big)-\d+"/; # none of the load
            if ($line !~ /\n\z/ || $line !~ $id) {
                push @{ $self->{torn} }, $path;
                next;
            }
            my $n = vec $self->{times}, $1, 8;
            vec($self->{times}, $1, 8) = $n + 1 if $n < 255;
            $self->{n_recorded}++ if !$n;
            $self->{n_twice}++ if $n == 1;
        }
    }
}

sub _read_acked ($self) {
    open my $file, '<:raw', $self->{acked} or die "$self->{acked}: $!\n";
    my $at = 0;
    while (my $line = <$file>) {
        my ($number) = $line =~ /^\Q$self->{prefix}\E-(\d+)\n\z/ or die "$self->{acked}: what is '$line'?\n";
        $self->{n_acked}++;
        push @{ $self->{lost} }, { id => "$self->{prefix}-$number", at => $at } if !vec $self->{times}, $number, 8;
        $at += length $line;
    }
}

# Where an id is found in what the run has left behind: names of files.
sub traces ($class, $folder, $id) {
    my @found;
    for my $path (grep { -f } glob "$folder/* $folder/redis*/* $folder/redis*/*/*") {
        next if $path =~ /acked$/;
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
