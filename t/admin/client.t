# docs/clients/make_client.py makes a Python client of the document that a node serves. That client brings in an analyzer and steers it.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;
use Weir::Base qw(checkout);
use Weir::Cluster;
use Weir::Test;

plan(skip_all => 'there is no python3 with yaml') if system 'python3 -c "import yaml" 2>/dev/null';
alarm 120;
my $token = 'a-token-of-32-characters-or-more';
my $cluster = Weir::Cluster->start(nodes => 1, analyzers => {}, node => [ '--admin-token', $token, '--register-token', "$token-2" ]);
my $admin = $cluster->node(1)->{admin};
my $make = checkout . '/docs/clients/make_client.py';
my $made = folder . '/weir_client.py';
is(system("'$make' '$admin/v1/openapi.yaml' >'$made'"), 0, 'a client is made of what a node serves');
my @operations = slurp(checkout . '/node/openapi.yaml') =~ /operationId: (\w+)/g;
my %method = map { $_ => 1 } slurp($made) =~ /^    def ([a-z]\w*)\(/mg;
is(join(' ', grep { !$method{ lc s/([A-Z])/_$1/gr } } @operations), '', 'with a method for each of ' . @operations . ' operations');

my $script = folder . '/use.py';
open my $out, '>', $script or die "$script: $!";
print $out <<'END';
import sys
from weir_client import Client, Refused

url, admin_token, register_token = sys.argv[1:]
program = Client(url, token=register_token)
lease = program.register_analyzer("mine", {"url": "http://127.0.0.1:9/logs", "weight": 1})
print("registered", len(lease["instance"]))
print("beats", program.beat("mine", {"instance": lease["instance"], "processed": 0})["epoch"] > 0)
operator = Client(url, token=admin_token)
print("listed", [analyzer["id"] for analyzer in operator.list_analyzers()["analyzers"]])
operator.get_analyzer("mine")
seen = operator.headers["ETag"]
print("weight", operator.change_analyzer("mine", {"weight": 2}, if_match=seen)["weight"])
for call in (lambda: operator.change_analyzer("mine", {"weight": 3}, if_match=seen), lambda: program.change_analyzer("mine", {"weight": 3}),
             lambda: operator.get_analyzer("a/b?c"), lambda: operator.list_dead(limit=0)):
    try:
        call()
        print("not refused")
    except Refused as refused:
        print("refused", refused.status, refused.body["code"])
print("dead", operator.list_dead(limit=5)["entries"])
print("checks", "[+]redis ok" in operator.get_readyz(verbose=True))
print("left", program.deregister_analyzer("mine", {"instance": lease["instance"]}) is not None)
END
close $out;
my $said = `PYTHONPATH='@{[folder]}' python3 '$script' '$admin' '$token' '$token-2' 2>&1`;
is($said, <<'END', 'it registers, beats, changes a weight, hears refusals and leaves');
registered 32
beats True
listed ['mine']
weight 2
refused 412 changed_meanwhile
refused 401 unauthorized
refused 404 unknown_analyzer
refused 400 bad_field
dead []
checks True
left True
END
done_testing;
