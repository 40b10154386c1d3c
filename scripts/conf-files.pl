#!/usr/bin/env perl
# Makes the configuration files of packages: every option of a program with its help, as a comment with its default.
#
#   scripts/conf-files.pl FOLDER    writes node.conf and analyzer.conf; WEIR_BIN names the folder of the programs
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use FindBin qw($Bin);
use lib "$Bin/lib";
use HelpText;
use Text::Wrap qw(wrap);
use Usage;

my $bin = $ENV{WEIR_BIN} // dirname(abs_path(__FILE__)) . '/../build/bin';
check_arguments('FOLDER', 1);
my $folder = shift;
$Text::Wrap::columns = 100;
$Text::Wrap::unexpand = 0;

sub conf_of ($program, $unit) {
    my ($options) = grep { $_->[0] eq 'Options' } blocks_of(said("$bin/$program", '--help'));
    my $text = wrap('# ', '# ', "Options of $program, as $unit starts it. Each stands here with its default, as a comment: see $program(8). "
        . "A change is taken after systemctl restart $unit; systemctl reload is enough for what is called reloadable.") . "\n";
    for my $item (items_of(@{ $options->[1] })) {
        my ($name, $placeholder) = $item->[0] =~ /^--([\w-]+)(?: (\S+))?/ or next;
        my ($said, $more) = $item->[1] =~ /^(.*?)\s*(?:\[([^\]]*env: [^\]]*)\].*)?$/;
        my ($default) = ($more // '') =~ /default: ([^;]*?)(?:;|$)/;
        $said .= ' This option is reloadable.' if $item->[1] =~ /\(reloadable\)/;
        $said .= ' It may stand more than once.' if $item->[1] =~ /\(repeatable\)/;
        $text .= "\n" . wrap('# ', '# ', $said) . "\n#$name = " . ($default // $placeholder // 'true') . "\n";
    }
    return $text;
}

make_path($folder);
for (['weir-node', 'node.conf', 'weir-node.service'], ['weir-analyzer', 'analyzer.conf', 'weir-analyzer.service']) {
    my ($program, $name, $unit) = @$_;
    open my $file, '>', "$folder/$name" or die "$folder/$name: $!\n";
    print $file conf_of($program, $unit);
    close $file or die "$folder/$name: $!\n";
}
