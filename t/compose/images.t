# The images that docker-compose.yml names can be made: the first part of t/compose/promises.t, which waits for much and measures nothing.
use v5.36;
use FindBin qw($Bin);

exec 'setpriv', '--pdeathsig', 'TERM', "$Bin/run", '--images' or die "setpriv: $!\n";
