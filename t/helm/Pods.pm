package Pods;

# What a kubelet makes of a pod: its volumes as files below a folder, its environment, its command line. Paths of
# volumes are replaced by those below the folder.
#
#   my $pod = Pods->plan($objects, $deployment, name => 'weir-0', ip => '10.44.0.2', root => folder . '/weir-0');
#   $pod->{argv}, $pod->{env}, $pod->{spec}
use v5.36;
use File::Path qw(make_path);
use Helm;
use MIME::Base64;
use POSIX qw(ceil);

sub plan ($class, $objects, $workload, %pod) {
    my $spec = ($workload->{kind} eq 'Pod' ? $workload : $workload->{spec}{template})->{spec};
    my $self = bless { %pod, objects => $objects, spec => $spec, container => container($workload) }, $class;
    my @claims = @{ $workload->{spec}{volumeClaimTemplates} // [] };
    $self->{volumes} = { map { $_->{name} => $_ } @{ $spec->{volumes} // [] }, map { { name => $_->{metadata}{name}, emptyDir => {} } } @claims };
    $self->mount($_) for @{ $self->{container}{volumeMounts} };
    $self->{env} = {};
    $self->{env}{ $_->{name} } = $self->moved($self->value($_)) for @{ $self->{container}{env} // [] };
    my @words = map { @{ $self->{container}{$_} // [] } } qw(command args);
    $self->{argv} = [ map { $self->moved($self->expand($_)) } @words ];
    return $self;
}

sub quantity ($text) { return $text =~ /^(\d+)m$/ ? $1 / 1000 : $text }

sub expand ($self, $text) { return $text =~ s/\$\((\w+)\)/$self->{env}{$1} \/\/ die "$text: no $1\n"/ger }

# Paths below a mount, which are elsewhere here.
sub moved ($self, $text) {
    my $paths = join '|', map { quotemeta $_->{mountPath} } @{ $self->{container}{volumeMounts} };
    return $text =~ s/(?<![\w.\/-])(?:$paths)(?![\w.-])/$self->{root}$&/gr;
}

sub value ($self, $env) {
    return $self->expand($env->{value}) if defined $env->{value};
    my $from = $env->{valueFrom};
    return $self->secret($from->{secretKeyRef}{name}, $from->{secretKeyRef}{key}) if $from->{secretKeyRef};
    if (my $field = ($from->{fieldRef} // {})->{fieldPath}) {
        return { 'metadata.name' => $self->{name}, 'status.podIP' => $self->{ip} }->{$field} // die "$field\n";
    }
    my ($kind, $resource) = split /\./, $from->{resourceFieldRef}{resource};
    return ceil(quantity($self->{container}{resources}{$kind}{$resource} // 0));
}

sub files_of ($self, $kind, $name) {
    my ($found) = grep { $_->{metadata}{name} eq $name } objects_of($self->{objects}, $kind);
    die "there is no $kind $name\n" if !$found;
    return { %{ $found->{stringData} // {} }, %{ $kind eq 'Secret' ? {} : $found->{data} // {} },
        map { $_ => decode_base64($found->{data}{$_}) } $kind eq 'Secret' ? keys %{ $found->{data} // {} } : () };
}

sub secret ($self, $name, $key) { return $self->files_of(Secret => $name)->{$key} // die "Secret $name has no $key\n" }

sub mount ($self, $mount) {
    my $volume = $self->{volumes}{ $mount->{name} } // die "there is no volume $mount->{name}\n";
    my $folder = "$self->{root}$mount->{mountPath}";
    make_path($folder);
    my $files = $volume->{secret} ? $self->files_of(Secret => $volume->{secret}{secretName})
        : $volume->{configMap} ? $self->files_of(ConfigMap => $volume->{configMap}{name}) : {};
    $files = { map { $_->{path} => $files->{ $_->{key} } // die "$mount->{name} has no $_->{key}\n" } @{ $volume->{secret}{items} } }
        if $volume->{secret} && $volume->{secret}{items};
    for my $name (keys %$files) {
        open my $file, '>', "$folder/$name" or die "$folder/$name: $!\n";
        print $file $self->moved($files->{$name});
        close $file;
    }
    push @{ $self->{writable} }, $folder if !$mount->{readOnly};
}

1;
