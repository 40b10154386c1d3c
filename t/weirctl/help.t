# Each command of weirctl explains itself: its file in registry/ctl/help/, embedded.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build;
use Weir::Test qw(bin_dir);

my $weirctl = bin_dir . '/weirctl';
my %text;
for my $path (glob checkout . '/registry/ctl/help/*.txt') {
    open my $file, '<', $path or die "$path: $!";
    local $/;
    $text{ $path =~ s{.*/|\.txt$}{}gr =~ tr/-/ /r } = <$file>;
}

my @commands = qx{$weirctl --help} =~ /^  ([a-z]+(?: (?:list|show|replay|purge|status))?) .*[.]$/mg;
cmp_ok(scalar @commands, '>', 15, 'weirctl --help lists its commands');
is_deeply([sort keys %text], [sort @commands], 'each has a file, and each file a command');
for my $command (@commands) {
    my $said = qx{$weirctl $command --help};
    is($?, 0, "weirctl $command --help");
    like($said, qr/^\Q$text{$command}\E\z/m, "... ends with the text of its file");
    my $name = $command eq 'spill status' ? 'spill' : $command;
    like($said, qr/^  (?:source <\()?weirctl (?:--\S+ \S+ )*\Q$name\E/m, '... which has an example');
    is((grep { length > 84 } split /\n/, $text{$command}), 0, '... and fits a terminal');
}
my $list = qx{$weirctl dead --help};
like($list, qr/^  dead purge /m, 'a group lists its commands');
unlike($list, qr/^  spill /m, '... and no others');
done_testing;
