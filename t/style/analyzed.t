# Static analysis finds nothing: clang-tidy (bugprone, cert) and gcc -fanalyzer, but for what .clang-tidy and scripts/analyze.sh name.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp;
use Test::More;
use Weir::Build;

alarm 3000;
my ($clang) = `clang-tidy --version 2>&1` =~ /version (\d+)/;
my $commands = checkout . '/build/compile_commands.json';
plan skip_all => 'clang-tidy 14 is not installed' if ($clang // 0) != 14;
plan skip_all => 'build/ was not made by gcc 12' if `gcc -dumpversion` !~ /^12\b/ || !-e $commands;
ok(runs('scripts/analyze.sh'), 'clang-tidy and gcc find nothing');

# It does look: a source with a mistake is found.
my $folder = File::Temp->newdir;
my $source = "$folder/mistake.c";
open my $file, '>', $source or die "$source: $!";
print $file "#include <stdlib.h>\nint mistake(void);\nint mistake(void)\n{\n\tchar *p = malloc(4);\n\n\tfree(p);\n\tfree(p);\n\treturn 0;\n}\n";
close $file;
like(`gcc -fanalyzer -c -o /dev/null '$source' 2>&1`, qr/analyzer-double-free/, 'gcc sees a double free');
done_testing;
