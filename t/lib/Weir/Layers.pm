package Weir::Layers;

# Who includes whom, and who may.
#
# A wing is a folder with C files. Its README.md has one line "Uses: a, b, c/d.h": the folders and single headers
# that its files may include besides their own, or "nothing". The line "Used by:" names the wings that include its
# files, or says "all". A room is a .c or .cpp file with its header.
#
#   my $house = Weir::Layers->new('/path/of/checkout');
#   say for $house->forbidden, $house->circles;
use v5.36;
use File::Basename qw(dirname);
use File::Find;

# The table of metrics knows the names of all reasons, so it stands above those who count; its header stands below them.
my %OWN_ROOM = ('node/node_metrics.c' => 1);

sub new ($class, $top) {
    my $self = bless { top => $top, files => [], includes => {}, uses => {}, used_by => {} }, $class;
    find({ no_chdir => 1, wanted => sub { $self->_take($File::Find::name) } }, grep { -d } map { "$top/$_" } qw(common registry node analyzer loadgen));
    return $self;
}

sub _take ($self, $path) {
    my $name = substr $path, length($self->{top}) + 1;
    if ($name =~ m{^(.+)/README\.md$}) {
        my $wing = $1;
        my $text = _slurp($path);
        $self->{uses}{$wing} = _list($1) if $text =~ /^Uses: *(.*)$/m;
        $self->{used_by}{$wing} = _list($1) if $text =~ /^Used by: *(.*)$/m;
    } elsif ($name =~ /\.(?:c|h|cpp)$/) {
        push $self->{files}->@*, $name;
        $self->{includes}{$name} = [ _slurp($path) =~ /^\s*#\s*include\s+"([^"]+)"/mg ];
    }
}

sub _list ($line) { return [ grep { length && $_ ne 'nothing' } split /[,\s`]+/, $line =~ s/\.$//r ] }

# One more include, as if it stood in the file.
sub add ($self, $file, $included) {
    push $self->{includes}{$file}->@*, $included;
    return $self;
}

sub files ($self) { return my @sorted = sort $self->{files}->@* }

sub wings ($self) {
    my %seen = map { dirname($_) => 1 } $self->files;
    return my @sorted = sort keys %seen;
}

sub uses ($self, $wing) { return $self->{uses}{$wing} }

# Includes that name no file of the tree by its whole path.
sub unknown ($self) {
    my %is_file = map { $_ => 1 } $self->files;
    return map { my $file = $_; map { "$file includes \"$_\", which is no file of these folders" } grep { !$is_file{$_} } $self->{includes}{$file}->@* } $self->files;
}

# Includes that no line "Uses:" allows.
sub forbidden ($self) {
    my @found;
    for my $file ($self->files) {
        my $wing = dirname($file);
        my %allowed = map { $_ => 1 } $wing, ($self->uses($wing) // [])->@*;
        push @found, map { "$file includes \"$_\", which is not in the line Uses: of $wing/README.md" }
            grep { !$allowed{ dirname($_) } && !$allowed{$_} } $self->{includes}{$file}->@*;
    }
    return @found;
}

# Entries of "Uses:" that nobody needs: the line would allow more than there is.
sub unneeded ($self) {
    my @found;
    for my $wing ($self->wings) {
        my %needed = map { $_ => 1, dirname($_) => 1 } map { $self->{includes}{$_}->@* } grep { dirname($_) eq $wing } $self->files;
        push @found, map { "no file of $wing includes anything of $_" } grep { !$needed{$_} } ($self->uses($wing) // [])->@*;
    }
    return @found;
}

# Lines "Used by:" that name others than those who include something of the wing.
sub wrong_users ($self) {
    my %users;
    for my $file ($self->files) {
        $users{ dirname($_) }{ dirname($file) } = 1 for grep { dirname($_) ne dirname($file) } $self->{includes}{$file}->@*;
    }
    my @found;
    for my $wing ($self->wings) {
        my $are = join ', ', sort keys(($users{$wing} // {})->%*);
        my $said = join ', ', sort(($self->{used_by}{$wing} // ['not said'])->@*);
        push @found, "$wing/README.md: Used by: is $said, and should be " . ($are || 'nothing') if $are ne $said && $said ne 'all';
    }
    return @found;
}

# What is private to a file's parts is of its room.
sub room_of ($file) { return $OWN_ROOM{$file} ? $file : $file =~ s/(?:_private)?\.(?:c|h|cpp)$//r }

# Files that include each other in a loop, each as "a -> b -> a".
sub circles ($self) {
    my %arrows;
    for my $file ($self->files) {
        $arrows{ room_of($file) }{ room_of($_) } = 1 for grep { room_of($_) ne room_of($file) } $self->{includes}{$file}->@*;
    }
    return _loops(\%arrows);
}

# Wings that may use each other in a loop, by the lines "Uses:"; single headers do not count.
sub wings_in_circles ($self) {
    return _loops({ map { my $wing = $_; $wing => { map { $_ => 1 } grep { !/\.h$/ } ($self->uses($wing) // [])->@* } } $self->wings });
}

# What a folder shows: each file of its own with its header is a room, and each folder in it is one.
sub rooms ($self, $folder) {
    my %rooms = map { _entry($folder, $_) => 1 } grep { index($_, "$folder/") == 0 } $self->files;
    return my @sorted = sort keys %rooms;
}

# The highest floor of that folder: a room stands one above the highest that it includes.
sub floors ($self, $folder) {
    my %arrows;
    for my $file (grep { index($_, "$folder/") == 0 } $self->files) {
        my $from = _entry($folder, $file);
        $arrows{$from} //= {};
        for my $to (map { _entry($folder, $_) } grep { index($_, "$folder/") == 0 } $self->{includes}{$file}->@*) {
            $arrows{$from}{$to} = 1 if $to ne $from;
        }
    }
    my %floor;
    my $height;
    $height = sub ($room, $depth) {
        die "a circle of rooms in $folder around $room\n" if $depth > keys %arrows;
        return $floor{$room} //= 1 + (sort { $b <=> $a } 0, map { $height->($_, $depth + 1) } keys $arrows{$room}->%*)[0];
    };
    return (sort { $b <=> $a } map { $height->($_, 0) } keys %arrows)[0];
}

sub _entry ($folder, $file) {
    my ($entry) = substr($file, length($folder) + 1) =~ m{^([^/]+)};
    return "$folder/$entry" eq $file ? room_of($file) : "$folder/$entry/";
}

sub _loops ($arrows) {
    my (%state, @path, @found);
    my $visit;
    $visit = sub ($room) {
        return if ($state{$room} // '') eq 'done';
        if (($state{$room} // '') eq 'open') {
            my ($first) = grep { $path[$_] eq $room } 0 .. $#path;
            push @found, join ' -> ', @path[$first .. $#path], $room;
            return;
        }
        $state{$room} = 'open';
        push @path, $room;
        $visit->($_) for sort keys(($arrows->{$room} // {})->%*);
        pop @path;
        $state{$room} = 'done';
    };
    $visit->($_) for sort keys %$arrows;
    return @found;
}

sub _slurp ($path) {
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return <$in> // '';
}

1;
