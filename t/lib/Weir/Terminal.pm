package Weir::Terminal;

# A program of ours in a terminal of its own (a pseudo-terminal), and the screen that it draws there: as much of a
# terminal as ANSI escapes of weirctl top need. What goes beyond the right edge or scrolls is counted, not drawn.
#
#   my $terminal = Weir::Terminal->start([ 'weirctl', 'top' ], columns => 80, rows => 24);
#   $terminal->wait_screen(qr/^a1 /m, 5);
#   $terminal->type('q');
#   is($terminal->wait_end, 0, 'it ends');
use v5.36;
use Fcntl qw(O_RDWR O_NOCTTY);
use IO::Handle;
use POSIX ();
use Time::HiRes qw(sleep time);
use Weir::Test qw(program_path);
use Weir::Base qw(deadline);

use constant { TIOCGPTN => 0x80045430, TIOCSPTLCK => 0x40045431, TIOCSWINSZ => 0x5414, TIOCSCTTY => 0x540E };

# Options: columns, rows, env => {NAME => value}.
sub start ($class, $command, %options) {
    my $self = bless { columns => 80, rows => 24, %options, x => 0, y => 0, n_wide => 0, n_scrolled => 0, output => '' }, $class;
    sysopen $self->{master}, '/dev/ptmx', O_RDWR | O_NOCTTY or die "/dev/ptmx: $!";
    my $number = pack 'i', 0;
    ioctl $self->{master}, TIOCSPTLCK, $number or die "unlock: $!";
    ioctl $self->{master}, TIOCGPTN, $number or die "pts: $!";
    sysopen $self->{slave}, '/dev/pts/' . unpack('i', $number), O_RDWR | O_NOCTTY or die "pts: $!";
    $self->{master}->blocking(0);
    $self->_set_size;
    $self->{before} = $self->_modes;
    $self->{pid} = fork // die "fork: $!";
    $self->_become(@$command) if !$self->{pid};
    return $self;
}

sub _become ($self, $program, @arguments) {
    POSIX::setsid();
    ioctl $self->{slave}, TIOCSCTTY, my $steal = 0;
    POSIX::dup2(fileno $self->{slave}, $_) for 0 .. 2;
    %ENV = (%ENV, TERM => 'xterm', %{ $self->{env} // {} });
    { no warnings 'exec'; exec 'setpriv', '--pdeathsig', 'KILL', program_path($program), @arguments }
    POSIX::_exit(127);
}

sub _set_size ($self) {
    my $size = pack 'S4', @$self{qw(rows columns)}, 0, 0;
    ioctl $self->{slave}, TIOCSWINSZ, $size or die "size: $!";
    $self->_clear;
}

sub _clear ($self) { $self->{lines} = [ (' ' x $self->{columns}) x $self->{rows} ] }

# How the terminal treats what is typed.
sub _modes ($self) {
    my $termios = POSIX::Termios->new;
    $termios->getattr(fileno $self->{slave}) // die "tcgetattr: $!";
    return join ' ', $termios->getiflag, $termios->getoflag, $termios->getlflag;
}

sub pid ($self) { return $self->{pid} }
sub signal ($self, $signal) { return kill $signal => $self->{pid} }
sub type ($self, $keys) { return syswrite $self->{master}, $keys }

sub resize ($self, $columns, $rows) {
    @$self{qw(columns rows)} = ($columns, $rows);
    return $self->_set_size; # the kernel sends SIGWINCH
}

# ---- what is drawn ----

sub _put ($self, $char) {
    return $self->{n_wide}++ if $self->{x} >= $self->{columns};
    substr $self->{lines}[ $self->{y} ], $self->{x}++, 1, $char;
}

sub _newline ($self) {
    return $self->{n_scrolled}++ if $self->{y} + 1 >= $self->{rows};
    $self->{y}++;
}

sub _clear_from ($self, $y) {
    my $length = $self->{columns} - $self->{x};
    substr $self->{lines}[ $self->{y} ], $self->{x}, $length, ' ' x $length if $length > 0;
    $self->{lines}[$_] = ' ' x $self->{columns} for $self->{y} + 1 .. $y;
}

my %mode = (1049 => 'alternate', 25 => 'cursor');

sub _escape ($self, $arguments, $letter) {
    return @$self{qw(x y)} = (0, 0) if $letter eq 'H';
    return $self->_clear if "$arguments$letter" eq '2J';
    return $self->_clear_from($letter eq 'J' ? $self->{rows} - 1 : $self->{y}) if $letter =~ /[JK]/;
    return $self->{ $mode{$1} } = $letter eq 'h' if $arguments =~ /^\?(\d+)$/ && $mode{$1};
    die "unknown escape $arguments$letter" if $letter ne 'm';
}

sub _read ($self) {
    while (sysread $self->{master}, my $bytes, 65536) { $self->{output} .= $bytes }
    while ($self->{output} =~ s/^(?:\e\[([?\d;]*)([A-Za-z])|([^\e]))//s) {
        if (defined $2) { $self->_escape($1, $2) }
        elsif ($3 eq "\r") { $self->{x} = 0 }
        elsif ($3 eq "\n") { $self->_newline }
        else { $self->_put($3) }
    }
}

sub screen ($self) {
    $self->_read;
    return join '', map { s/ +$//r . "\n" } @{ $self->{lines} };
}

# The screen, once it shows that.
sub wait_screen ($self, $pattern, $seconds = 5) {
    my $shown;
    eval { Weir::Test::wait_until(sub { ($shown = $self->screen) =~ $pattern }, $seconds, "the screen to show $pattern"); 1 }
        or die "$@\n$shown";
    return $shown;
}

# Everything fitted in.
sub has_fitted ($self) { return !$self->{n_wide} && !$self->{n_scrolled} }

# The other screen is left, the cursor is there, and keys are treated as before.
sub is_restored ($self) {
    $self->_read;
    return defined $self->{alternate} && !$self->{alternate} && $self->{cursor} && $self->_modes eq $self->{before};
}

# Its exit status (negative: the signal that ended it), undef: it goes on.
sub wait_end ($self, $seconds = 10) {
    for (my $deadline = deadline($seconds); time < $deadline; sleep 0.01) {
        $self->_read;
        next if waitpid($self->{pid}, POSIX::WNOHANG) != $self->{pid};
        delete $self->{pid};
        return $? & 127 ? -($? & 127) : $? >> 8;
    }
    return undef;
}

sub DESTROY ($self) {
    local ($?, $!);
    return if !$self->{pid};
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

1;
