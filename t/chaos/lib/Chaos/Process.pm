package Chaos::Process;

# A program that is started again and again under one name. It ends with this one whatever happens; each start has
# a log of its own, FOLDER/NAME.N.log. An end that nobody asked for is on record.
use v5.36;
use Exporter qw(import);
use POSIX qw(SIG_BLOCK SIG_SETMASK SIGALRM SIGHUP SIGINT SIGTERM WNOHANG);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(slurp);

my %running; # pid -> process, of this process's own children
my $owner = $$;
END { my $status = $?; kill KILL => keys %running if $$ == $owner; $? = $status }

# What the command returns is run at each start; it is given the number of the start. Options: stdout (a file; else it
# goes into the log), ends (it is one that ends by itself).
sub new ($class, $name, $folder, $command, %options) {
    return bless { name => $name, folder => $folder, command => $command, n_starts => 0, deaths => [], %options{qw(stdout ends)} }, $class;
}

sub name ($self) { return $self->{name} }
sub log_path ($self) { return "$self->{folder}/$self->{name}.$self->{n_starts}.log" }
sub n_starts ($self) { return $self->{n_starts} }

# Ends that nobody asked for, and bad ones that somebody did: text, one each.
sub deaths ($self) { return @{ $self->{deaths} } }

# Nothing where it runs.
sub start ($self) {
    return if $self->is_running;
    my @command = $self->{command}->(++$self->{n_starts});
    $self->{is_expected} = $self->{ends} ? 'any' : '';
    my $before = POSIX::SigSet->new;
    POSIX::sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM, SIGHUP, SIGINT, SIGTERM), $before);
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP ALRM PIPE); # the handlers of this process are none for the child
        POSIX::sigprocmask(SIG_SETMASK, $before);
        open STDIN, '<', '/dev/null';
        open STDERR, '>', $self->log_path;
        $self->{stdout} ? open STDOUT, '>', $self->{stdout} : open STDOUT, '>&', \*STDERR;
        { no warnings 'exec'; exec 'setpriv', '--pdeathsig', 'KILL', @command }
        print STDERR "setpriv: $!\n";
        POSIX::_exit(127);
    }
    $running{ $self->{pid} } = $self;
    POSIX::sigprocmask(SIG_SETMASK, $before);
}

sub pid ($self) { return $self->{pid} }

sub is_running ($self) {
    $self->_reap;
    return defined $self->{pid};
}

# The last end, as $? has it; undef: there was none.
sub status ($self) { return $self->{status} }

sub _reap ($self) {
    return if !$self->{pid} || waitpid($self->{pid}, WNOHANG) != $self->{pid};
    my $status = $self->{status} = $?;
    delete $running{ delete $self->{pid} };
    my $how = $status & 127 ? 'signal ' . ($status & 127) : 'status ' . ($status >> 8);
    if (!$self->{is_expected}) {
        push @{ $self->{deaths} }, "$self->{name} ended by itself, $how";
    } elsif ($self->{is_expected} eq 'well' && $status && !$self->_was_too_early($status)) {
        push @{ $self->{deaths} }, "$self->{name} was to end and did so with $how";
    }
}

# On a busy machine a program may be asked to end before it knows of signals.
sub _was_too_early ($self, $status) { return $status == 15 && slurp($self->log_path) !~ /listening/ }

sub signal ($self, $signal) { kill $signal => $self->{pid} if $self->is_running }

sub kill_now ($self) {
    return if !$self->is_running;
    $self->{is_expected} = 'killed';
    kill KILL => $self->{pid};
    sleep 0.002 while $self->is_running;
}

# SIGTERM, once, and it is to end with 0. No waiting.
sub ask_to_end ($self) {
    return if !$self->is_running || $self->is_ending;
    $self->{is_expected} = 'well';
    kill $_ => $self->{pid} for qw(CONT TERM);
}

sub is_ending ($self) { return $self->is_running && $self->{is_expected} eq 'well' }

# Whether it has ended in time; else it is killed, and that is on record.
sub wait_end ($self, $seconds) {
    my $deadline = time + $seconds;
    while ($self->is_running) {
        if (time > $deadline) {
            push @{ $self->{deaths} }, "$self->{name} had to be killed: it did not end in $seconds s";
            $self->kill_now;
            return 0;
        }
        sleep 0.01;
    }
    return 1;
}

# '': there is no such file.
sub slurp ($path) {
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

sub wait_log ($self, $pattern, $seconds = 15) {
    my $deadline = time + $seconds;
    while (1) {
        my $text = slurp($self->log_path);
        return if $text =~ $pattern;
        die "$self->{name} does not come up:\n$text" if time > $deadline || !$self->is_running;
        sleep 0.02;
    }
}

1;
