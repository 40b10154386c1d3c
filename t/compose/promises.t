# docker-compose.yml does what is promised, run for real: see t/compose/run --help.
use v5.36;
use FindBin qw($Bin);

exec 'setpriv', '--pdeathsig', 'TERM', "$Bin/run" or die "setpriv: $!\n";
