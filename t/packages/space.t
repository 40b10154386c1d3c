# A build in a folder whose name has a space makes the files of packages when it is installed.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Build qw(checkout);
use Weir::Test qw(folder slurp);

alarm 300;
my ($build, $log, $script) = (folder . '/a b/build', folder . '/log', folder . '/install.cmake');
is(system("cmake -S '${\checkout}' -B '$build' -G Ninja >'$log' 2>&1"), 0, 'it is configured') or diag(slurp($log));

# The command of its installation, for a target that compiles nothing.
my ($command) = slurp("$build/packaging/cmake_install.cmake") =~ /^\s*(execute_process\(.*--target weir-package-files .*\))$/m;
ok($command, 'its installation makes the files of packages');
open my $file, '>', $script or die "$script: $!\n";
say $file $command =~ s/--target weir-package-files/--target help/r;
close $file;
is(system("cmake -P '$script' >'$log' 2>&1"), 0, '... by a command that finds the folder') or diag(slurp($log));
like(slurp($log), qr/^weir-package-files: /m, '... and the target in it');
done_testing;
