package Weir::Openapi;

# An OpenAPI document in the plain YAML that Perl's core reads (blocks, no braces but {} and []), and values held against its schemas.
#
#   my $api = Weir::Openapi->read("$Bin/../../node/openapi.yaml");
#   for my $op ($api->operations) { ... }           # {method, path ("{}" for each parameter), operationId, access, responses, ...}
#   is_deeply([ $api->check($value, $schema) ], []); # complaints; fields that a schema does not name are one
use v5.36;
use B;
use CPAN::Meta::YAML;
use JSON::PP;

sub read ($class, $path) {
    my $documents = CPAN::Meta::YAML->read($path) or die CPAN::Meta::YAML->errstr;
    return bless { root => $documents->[0] }, $class;
}

sub resolve ($self, $node) {
    while (my $ref = $node->{'$ref'}) {
        $node = $self->{root};
        $node = $node->{$_} // die "$ref leads nowhere\n" for grep { $_ ne '#' } split m{/}, $ref;
    }
    return $node;
}

sub operations ($self) {
    my @operations;
    for my $path (sort keys %{ $self->{root}{paths} }) {
        my $item = $self->{root}{paths}{$path};
        for my $method (sort keys %$item) {
            my %op = %{ $item->{$method} };
            my %responses = map { $_ => $self->resolve($op{responses}{$_}) } keys %{ $op{responses} };
            push @operations, { %op, responses => \%responses, method => uc $method, path => $path =~ s/\{\w+\}/{}/gr, access => $op{'x-access'} };
        }
    }
    return @operations;
}

# Whatever has an example, with its schema.
sub examples ($self, $at = $self->{root}{paths}) {
    return map { $self->examples($_) } @$at if ref $at eq 'ARRAY';
    return () if ref $at ne 'HASH';
    return (exists $at->{example} ? $at : (), map { $self->examples($at->{$_}) } sort keys %$at);
}

# A number, as JSON has it. With `loose` also text that looks like one, as this YAML has no types.
sub is_number ($value, $loose) {
    return 0 if !defined $value || ref $value;
    return $value =~ /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/ if $loose;
    return (B::svref_2object(\$value)->FLAGS & (B::SVp_IOK | B::SVp_NOK)) && !(B::svref_2object(\$value)->FLAGS & B::SVp_POK);
}

my %is = (
    object => sub ($v, $loose) { ref $v eq 'HASH' },
    array => sub ($v, $loose) { ref $v eq 'ARRAY' },
    string => sub ($v, $loose) { defined $v && !ref $v && ($loose || !is_number($v, 0)) },
    number => \&is_number,
    integer => sub ($v, $loose) { is_number($v, $loose) && $v == int $v },
    boolean => sub ($v, $loose) { JSON::PP::is_bool($v) || ($loose && defined $v && $v =~ /^(?:true|false)$/) },
    null => sub ($v, $loose) { !defined $v },
);

sub check ($self, $value, $schema, $at = '', $loose = 0) {
    $schema = $self->resolve($schema);
    my @types = ref $schema->{type} ? @{ $schema->{type} } : $schema->{type} // ();
    return "$at is no @types" if @types && !grep { $is{$_}->($value, $loose) } @types;
    return if !defined $value;
    return $self->_check_object($value, $schema, $at, $loose) if ref $value eq 'HASH' && $schema->{type};
    return $self->_check_array($value, $schema, $at, $loose) if ref $value eq 'ARRAY';
    my @complaints;
    push @complaints, "$at is none of its values: $value" if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
    push @complaints, "$at does not look like that: $value" if defined $schema->{pattern} && $value !~ /$schema->{pattern}/;
    push @complaints, "$at is too long" if defined $schema->{maxLength} && length $value > $schema->{maxLength};
    push @complaints, "$at is too small: $value" if defined $schema->{minimum} && $value < $schema->{minimum};
    push @complaints, "$at is too great: $value" if defined $schema->{maximum} && $value > $schema->{maximum};
    return @complaints;
}

sub _check_object ($self, $value, $schema, $at, $loose) {
    my $known = $schema->{properties} // {};
    my @complaints = map { "$at lacks $_" } grep { !exists $value->{$_} } @{ $schema->{required} // [] };
    for my $name (sort keys %$value) {
        my $is = $known->{$name} // $schema->{additionalProperties};
        push @complaints, $is ? $self->check($value->{$name}, $is, "$at.$name", $loose) : "$at.$name is not documented";
    }
    return @complaints;
}

sub _check_array ($self, $value, $schema, $at, $loose) {
    my @complaints = @$value < ($schema->{minItems} // 0) ? "$at is too short" : ();
    return @complaints, map { $self->check($value->[$_], $schema->{items}, "$at\[$_]", $loose) } 0 .. $#$value;
}

1;
