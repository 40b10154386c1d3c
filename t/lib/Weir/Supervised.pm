package Weir::Supervised;

# A program that is started again whenever it ends, as systemd or Kubernetes do it: the starts are counted.
#
#   my $analyzer = Weir::Supervised->start('a1', [ 'weir-analyzer', ... ]);
#   $analyzer->starts
use v5.36;
use Weir::Test qw(folder program_path slurp);

sub start ($class, $name, $command) {
    my ($program, @arguments) = @$command;
    my $starts = folder . "/$name.starts";
    # the program ends with the shell, whatever becomes of that
    my $loop = 'starts=$1; shift; while :; do echo . >> "$starts"; setpriv --pdeathsig KILL "$@"; sleep 0.1; done';
    my $process = Weir::Process->start([ 'sh', '-c', $loop, 'sh', $starts, program_path($program), @arguments ], name => $name);
    return bless { process => $process, file => $starts }, $class;
}

sub process ($self) { return $self->{process} }
sub starts ($self) { return length(slurp($self->{file}) =~ s/\s//gr) }

# It ends for good.
sub stop ($self) { return $self->{process}->kill_now }

1;
