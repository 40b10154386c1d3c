# Syslog, GELF and the forward protocol, as agents speak them: 1000 records each, each counted, and each at an analyzer once.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Weir::AgentTest;

agents_send(Weir::AgentTable::names('listener'));
