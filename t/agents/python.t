# Python's loggers and its client of Elasticsearch send 1000 records each: each is counted, and at an analyzer once.
use v5.36;
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Weir::AgentTest;

agents_send(Weir::AgentTable::names('python'));
