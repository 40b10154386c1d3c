# The header of each script in lua/ is its documentation, and says what is there.
use strict;
use warnings;
use FindBin;
use Test::More;

my $LUA = "$FindBin::Bin/../../lua";
my @PARTS = qw(GUARANTEES KEYS ARGV RETURNS COST);

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!";
    local $/;
    return <$in>;
}

# name => text under it, comment marks cut
sub parts_of {
    my ($header) = @_;
    my (%parts, $part);
    for my $line (split /\n/, $header) {
        if ($line =~ /^-- ([A-Z]+)$/) { $part = $1; $parts{$part} = '' }
        elsif ($part) { $parts{$part} .= ($line =~ s/^--\s*//r) . "\n" }
    }
    return %parts;
}

# The numbers of "1 id, 2 token (3 or so), 3 ..."
sub numbers_of {
    my ($text) = @_;
    1 while $text =~ s/\([^()]*\)//;
    return $text =~ /(?:^|,\s*)(\d+) /g;
}

sub is_counted_from_1 {
    my ($claim, @numbers) = @_;
    is("@numbers", join(' ', 1 .. @numbers), $claim);
}

sub code_of {
    my ($text) = @_;
    $text =~ s/^--\@include ([a-z_]+)$/slurp("$LUA\/lib\/$1.lua")/gem;
    $text =~ s/--[^\n]*//g;
    return $text;
}

sub beyond {
    my ($code, $name, $n) = @_;
    return join ' ', grep { $_ > $n } $code =~ /\b$name\[(\d+)\]/g;
}

my @scripts = glob "$LUA/*.lua";
cmp_ok(scalar @scripts, '>', 7, 'there are scripts');
for my $path (@scripts) {
    my ($name) = $path =~ m{([a-z_]+)\.lua$};
    my $text = slurp($path);
    my ($header) = $text =~ /\A((?:--(?!\@include)[^\n]*\n)+)/;
    like($header // '', qr/\A-- \Q$name\E: \S/, "$name begins with its name and what it is");
    my %parts = parts_of($header // '');
    is(join(' ', grep { !length($parts{$_} // '') } @PARTS), '', "$name has every part of a header");

    my @keys = numbers_of($parts{KEYS} // '');
    my @argv = numbers_of($parts{ARGV} // '');
    is_counted_from_1("$name counts its KEYS from 1", @keys);
    is_counted_from_1("$name counts its ARGV from 1", @argv);
    my $wrong = join ', ', grep { !/^\d+ [a-z_]+ (?:STRING|HASH|ZSET|STREAM|CHANNEL)$/ }
        map { s/\s+/ /gr } split /,\s*/, ($parts{KEYS} // '') =~ s/\s+\z//r;
    is($wrong, '', "$name says the type of each key");

    my $code = code_of($text);
    is(beyond($code, 'KEYS', scalar @keys), '', "$name uses no key that its header lacks");
    is(beyond($code, 'ARGV', scalar @argv), '', "$name uses no argument that its header lacks");
    unlike($code, qr/weir:/, "$name builds no key");
}
is(join(' ', grep { slurp($_) !~ /\A-- \S/ } glob "$LUA/lib/*.lua"), '', 'every shared part says what it is');
done_testing();
