# Valkey can stand in for Redis: what makes the registry is tested on it again.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Basename qw(basename);
use Test::More;
use Weir::Build;
use Weir::Test qw(bin_dir);

plan skip_all => 'this run is on Valkey already' if ($ENV{WEIR_REDIS_SERVER} // '') =~ /valkey/;
my ($version) = `valkey-server --version 2>/dev/null` =~ /v=(\S+)/;
plan skip_all => 'valkey-server is not installed (Debian has it from 13 on, and in the backports for 12)' if !$version;

alarm 300;
note("valkey-server $version");
$ENV{WEIR_REDIS_SERVER} = 'valkey-server';
$ENV{WEIR_BIN} = bin_dir;
ok(runs($_), 'on Valkey: ' . basename($_)) for glob bin_dir . '/../t/registry-{redis-{client,link},lua_*}.t';
ok(runs('perl', "$Bin/../$_.t"), "on Valkey: $_") for qw(cluster/exact redis/sentinel);
done_testing;
