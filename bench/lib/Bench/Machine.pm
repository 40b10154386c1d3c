package Bench::Machine;

# Where and with what something was measured, and the file it goes to.
use v5.36;
use Bench::Prepare;
use Bench::Process qw(slurp);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP;
use POSIX qw(strftime uname);

our @EXPORT_OK = qw(introduction machine save);

my %version_of = (
    weir => [ Bench::Prepare::bin_dir() . '/weir-node --version', qr/(\d[\w.+-]*)/ ],
    commit => [ 'git -C ' . Bench::Prepare::checkout() . ' rev-parse --short HEAD', qr/(\w+)/ ],
    haproxy => [ 'haproxy -v', qr/version (\S+)/ ],
    nginx => [ 'nginx -v', qr{nginx/(\S+)} ],
    redis => [ 'redis-server --version', qr/v=(\S+)/ ],
    wrk => [ 'wrk -v', qr/wrk (?:debian\/)?(\S+)/ ],
);

sub _versions (@programs) {
    my %versions;
    for my $program (@programs) {
        my ($command, $pattern) = $version_of{$program}->@*;
        ($versions{$program}) = (`$command 2>&1` // '') =~ $pattern;
    }
    return \%versions;
}

# Of the checkout that a folder of programs is in; the folder where it is in none.
sub commit_of ($dir) {
    my ($commit) = `git -C '$dir' rev-parse --short HEAD 2>&1` =~ /^(\w+)$/;
    return $commit // $dir;
}

sub machine (@programs) {
    my ($system, undef, $release, undef, $architecture) = uname;
    my ($cpu) = slurp('/proc/cpuinfo') =~ /^model name\s*: (.*)/m;
    my ($memory_kib) = slurp('/proc/meminfo') =~ /^MemTotal:\s+(\d+)/m;
    my ($os) = slurp('/etc/os-release') =~ /^PRETTY_NAME="(.*)"/m;
    my ($load) = slurp('/proc/loadavg') =~ /^(\S+)/;
    return {
        date => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime),
        machine => { cpu => $cpu, cores => 0 + (() = slurp('/proc/cpuinfo') =~ /^processor\s*:/mg), architecture => $architecture,
            memory_gib => 0 + sprintf('%.1f', $memory_kib / 1048576), kernel => "$system $release", os => $os },
        load_before => 0 + $load,
        versions => _versions(@programs),
    };
}

# The same in lines for people; and whether the figures can be good at all.
sub introduction ($about) {
    my $m = $about->{machine};
    my $versions = join ', ', map { "$_ $about->{versions}{$_}" } grep { $about->{versions}{$_} } sort keys $about->{versions}->%*;
    my $text = "$about->{date}  $m->{cores} x $m->{cpu}, $m->{memory_gib} GiB, $m->{kernel}, $m->{os}\n$versions\n";
    $text .= "THE MACHINE IS BUSY (load $about->{load_before}): these figures are worth little\n" if $about->{load_before} > 0.5;
    return $text;
}

sub save ($path, $result) {
    make_path(dirname($path));
    open my $file, '>', $path or die "$path: $!\n";
    print $file JSON::PP->new->pretty->canonical->encode($result);
    close $file or die "$path: $!\n";
}

1;
