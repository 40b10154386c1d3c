package HelpText;

# What programs say in --help, taken apart: manual pages and configuration files are made of it.
#
#   my @blocks = blocks_of(said('build/bin/weir-node', '--help'));    # [heading, [lines]] each
#   my @items = items_of(@{ $blocks[0][1] });                         # [what, text] each
use v5.36;
use Exporter qw(import);

our @EXPORT = qw(blocks_of items_of said);

# What a command prints; no variable of Weir changes it.
sub said (@command) {
    local @ENV{ grep { /^WEIR_(?!BIN)/ } keys %ENV };
    open my $out, '-|', @command or die "$command[0]: $!\n";
    my $text = do { local $/; <$out> };
    close $out or die "@command has failed\n";
    return $text;
}

# Blocks of a help text: [heading, [lines]]; what has no heading of its own has ''.
sub blocks_of ($help) {
    my @blocks;
    for my $part (split /\n{2,}/, $help) {
        my @lines = split /\n/, $part;
        my $heading = $lines[0] =~ /^([A-Z][^.]*):$/ ? $1 : '';
        shift @lines if $heading;
        push @blocks, [ $heading, \@lines ];
    }
    return @blocks;
}

# Items such as "  --name VALUE   text" with their further lines: [what, text].
sub items_of (@lines) {
    my @items;
    for (@lines) {
        if (/^  (\S.*?)(?: {2,}(\S.*))?$/ && !/^ {8}/) { push @items, [ $1, $2 // '' ] }
        else { $items[-1][1] .= ' ' . s/^\s+//r }
    }
    # what is longer than its column is followed by its text after one blank
    $_->[1] eq '' && $_->[0] =~ s/ ([A-Z][a-z].*)$// && ($_->[1] = $1) for @items;
    return @items;
}

1;
