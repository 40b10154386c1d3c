package Weir::Certificates;

# Certificates that a test makes with openssl, by an authority of its own, in a folder of its own.
#
#   my $ca = Weir::Certificates->new('ours');
#   my ($cert, $key) = $ca->make('server', names => 'DNS:localhost,IP:127.0.0.1');  # files; from => -2, until => -1: days from now
#   $ca->file                                                                       # of the authority
#   $ca->revoke('agent-7'); my $crl = $ca->crl;                                     # the list as it is now
use v5.36;
use File::Copy qw(move);
use POSIX qw(strftime);
use Weir::Base qw(folder);
use Weir::Test;

sub openssl (@arguments) {
    my $process = Weir::Process->start([ 'openssl', @arguments ]);
    ($process->wait_end(30) // 1) == 0 or die "openssl @arguments:\n" . $process->tail;
}

my @EC = (qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes));

sub new ($class, $name) {
    my $dir = folder . "/$name.ca";
    my $self = bless { dir => $dir, n => 0 }, $class;
    mkdir $dir or die "$dir: $!";
    $self->write('index.txt', '');
    $self->write('index.txt.attr', "unique_subject = no\n");
    $self->write('crlnumber', "01\n");
    openssl('req', '-x509', @EC, '-days', 30, '-subj', "/CN=$name", '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', "$dir/ca.key", '-out', "$dir/ca.pem");
    return $self;
}

sub write ($self, $name, $text) {
    open my $file, '>', "$self->{dir}/$name" or die "$name: $!";
    print $file $text;
    close $file or die "$name: $!";
    return "$self->{dir}/$name";
}

sub file ($self) { return "$self->{dir}/ca.pem" }
sub time_of ($days) { return strftime('%Y%m%d%H%M%SZ', gmtime(time + 86400 * $days)) }

sub config ($self, $names) {
    my $dir = $self->{dir};
    return $self->write('ca.conf', "[ca]\ndefault_ca = own\n[own]\ndatabase = $dir/index.txt\nnew_certs_dir = $dir\ncertificate = $dir/ca.pem\nprivate_key = $dir/ca.key\n"
        . "rand_serial = yes\ncrlnumber = $dir/crlnumber\ndefault_md = sha256\ndefault_crl_days = 7\npolicy = any\nx509_extensions = own_names\n"
        . "[any]\ncommonName = supplied\n[own_names]\nbasicConstraints = CA:FALSE\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n" . ($names ? "subjectAltName = $names\n" : ''));
}

# The files of a certificate and its key. An older one of that name is replaced, each file at once.
sub make ($self, $name, %options) {
    my $dir = $self->{dir};
    my $new = "$dir/new." . ++$self->{n};
    openssl('req', @EC, '-subj', '/CN=' . ($options{cn} // $name), '-keyout', "$new.key", '-out', "$new.csr");
    openssl('ca', '-batch', '-notext', '-config', $self->config($options{names}), '-in', "$new.csr", '-out', "$new.pem",
        '-startdate', time_of($options{from} // -1), '-enddate', time_of($options{until} // 60));
    openssl('ec', '-in', "$new.key", '-aes128', '-passout', "pass:$options{password}", '-out', "$new.key") if $options{password};
    move("$new.$_", "$dir/$name.$_") or die "$name.$_: $!" for qw(key pem);
    return ("$dir/$name.pem", "$dir/$name.key");
}

sub revoke ($self, $name) { openssl('ca', '-config', $self->config(''), '-revoke', "$self->{dir}/$name.pem") }

sub crl ($self) {
    openssl('ca', '-config', $self->config(''), '-gencrl', '-out', "$self->{dir}/new.crl");
    move("$self->{dir}/new.crl", "$self->{dir}/crl.pem") or die "crl.pem: $!";
    return "$self->{dir}/crl.pem";
}

1;
