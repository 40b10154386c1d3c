# The scripts use no global name but those of Redis: Redis refuses any other only when a call gets there.
use v5.36;
use FindBin qw($Bin);
use Test::More;

my $folder = "$Bin/../../build/lua";
my @scripts = glob "$folder/*.lua";
plan skip_all => 'luac5.1 is not installed' if system('command -v luac5.1 >/dev/null');
plan skip_all => "there are no scripts in $folder: run ./up.sh" if !@scripts;

my %known = map { $_ => 1 } qw(ARGV KEYS redis cjson cmsgpack struct bit math string table
    error ipairs next pairs pcall select tonumber tostring type unpack);

# name => how often, of those that are no known ones.
sub unknown_globals ($path) {
    my %found;
    open my $listing, '-|', 'luac5.1', '-l', '-p', $path or die "luac5.1: $!";
    while (my $line = <$listing>) { $found{$1}++ if $line =~ /[GS]ETGLOBAL\s.*; (\w+)$/ && !$known{$1} }
    close $listing or die "luac5.1 does not take $path\n";
    return \%found;
}

is_deeply(unknown_globals($_), {}, s{.*/}{}r) for @scripts;

my $mistake = "$folder/../mistake.lua.$$";
open my $file, '>', $mistake or die "$mistake: $!";
print $file "local function late() return LEASE_MS end\nlate()\n";
close $file;
is_deeply(unknown_globals($mistake), { LEASE_MS => 1 }, 'a name that is not there is found');
unlink $mistake;
done_testing;
