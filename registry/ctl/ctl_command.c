#include <stdio.h>
#include <string.h>

#include "common/conf/conf_names.h"
#include "registry/ctl/ctl.h"

#define N_COMMANDS ARRAY_LEN(commands)

static const struct ctl_command commands[] = {
	{ "status", "", "Show analyzers, nodes and totals as they are now.",
	  "TARGET is the share an analyzer should have now, ACTUAL what it got of all messages routed "
	  "to\n"
	  "analyzers that are registered now, ERROR the difference in percent of all. Totals since the\n"
	  "beginning follow the weights only if these were not changed: see weirctl verify --for.\n\n"
	  "  weirctl status\n"
	  "  weirctl --redis redis://10.0.0.5:6379/0 --pool audit status --json\n",
	  0, 0, CTL_STATUS, ctl_status },
	{ "watch", "", "Show the status again and again, with the rate.",
	  "Ends on Ctrl-C, and carries on when Redis is away for a while. With --json a line each "
	  "time.\n\n"
	  "  weirctl watch\n"
	  "  weirctl watch --interval 500ms --count 10\n",
	  0, 0, CTL_WATCH, ctl_watch },
	{ "top", "", "Show the pool live, on the whole terminal.",
	  "Shares as bars ('=' is what an analyzer got, '|' its target, '-' what is missing, '+' what is\n"
	  "too much), rates, breakers as the nodes report them, what is under way, spill and dead letters\n"
	  "with their growth. Until it has run for 10 s or 1 min, these columns are over the time since it\n"
	  "began; ALL is since the pool began. Looks each second, fits the size of the terminal, and says\n"
	  "STALE when Redis is away, or takes more than --timeout, here 500ms at most. Keys: w the window of\n"
	  "the bars, q ends. NO_COLOR=1: no colours.\n\n"
	  "  weirctl top\n"
	  "  weirctl --redis redis://10.0.0.5:6379/0 --pool audit top\n",
	  0, 0, CTL_STATUS, ctl_top },
	{ "nodes", "", "Show the nodes, and whom they cannot reach.",
	  "OPEN: a worker of the node sends this analyzer nothing, as its breaker is open or its health\n"
	  "probe fails. HALF-OPEN: it is being tried again. As Redis was told by the nodes.\n\n"
	  "  weirctl nodes\n"
	  "  weirctl nodes --json | jq -r '.[] | select(.unreachable != []) | .id'\n",
	  0, 0, CTL_STATUS, ctl_nodes },
	{ "events", "", "Follow what happens: a line each, with time, cause and what changed.",
	  "What is announced has its cause (set a1: an operator; register, deregister, renew: the analyzer;\n"
	  "reach of n1/0: a breaker or probe; lease or ramp: time); what is not (nodes come and go, the\n"
	  "spill begins) is seen within a second. Carries on when Redis is away for a while. With --json\n"
	  "an object each line.\n\n"
	  "  weirctl events\n"
	  "  weirctl events --for 1m --json | jq -c .changes\n",
	  0, 0, CTL_EVENTS, ctl_events },
	{ "weight", "ID WEIGHT", "Set the weight of an analyzer.",
	  "Only the relation of weights counts: 5, 3 and 2 are 0.5, 0.3 and 0.2. With 0 an analyzer "
	  "gets\n"
	  "nothing, unless all have 0: then all get the same. Holds until the analyzer registers with\n"
	  "another weight than it declared before.\n\n"
	  "  weirctl weight a1 2.5\n",
	  2, 2, CTL_CHANGE, ctl_weight },
	{ "drain", "ID", "Give an analyzer nothing new, and let it finish.",
	  "For maintenance: what is queued for it is still delivered. weirctl enable takes it back.\n\n"
	  "  weirctl drain a1\n",
	  1, 1, CTL_CHANGE, ctl_state },
	{ "enable", "ID", "Give an analyzer its share again, after drain or disable.",
	  "  weirctl enable a1\n", 1, 1, CTL_CHANGE, ctl_state },
	{ "disable", "ID", "Give an analyzer nothing at all: what is queued for it goes to others.",
	  "  weirctl disable a1\n", 1, 1, CTL_CHANGE, ctl_state },
	{ "fault", "ID [FAULT]", "Have an analyzer simulate a fault: one of the options.",
	  "The analyzer hears of it with its next heartbeat, and nodes have to find out by themselves. It\n"
	  "outlives a restart of the analyzer: --clear ends it. Not all analyzers obey; weir-analyzer does.\n"
	  "Instead of an option a FAULT for an analyzer of your own may be given, a word that it knows.\n"
	  "(To weir-analyzer the options are slow:MS, error:PART, down; none clears.)\n\n"
	  "  weirctl fault a1 --latency 200ms\n"
	  "  weirctl fault a1 --errors 0.3\n"
	  "  weirctl fault a1 --off\n"
	  "  weirctl fault a1 --clear\n",
	  1, 2, CTL_FAULT, ctl_fault },
	{ "verify", "", "Check that everything adds up and that the shares are kept.",
	  "Checks, with figures: all that was routed was delivered, and processed (by those that count "
	  "it);\n"
	  "the accounts add up: received = delivered + spilled + dead + refused + lost + in flight;\n"
	  "each analyzer's share of what was routed is its target; credit sums to 0. With --for it "
	  "looks\n"
	  "twice and checks the difference, for a pool under load or after weights were changed.\n"
	  "Exit status: 0 all is well, 1 something is not.\n\n"
	  "  weirctl verify\n"
	  "  weirctl verify --for 10s --tolerance 1\n",
	  0, 0, CTL_VERIFY, ctl_verify },
	{ "dead list", "", "Show the packets that an analyzer refused as bad, the latest first.",
	  "ENTRY names one for the other commands. AGE counts from when it was refused; PACKET is the id\n"
	  "that the packet brought along.\n\n"
	  "  weirctl dead list\n"
	  "  weirctl dead list --limit 100 --json | jq -r '.entries[].reason' | sort | uniq -c\n",
	  0, 0, CTL_LIST, ctl_dead_list },
	{ "dead show", "ENTRY", "Show a dead letter whole: its body on stdout, the rest on stderr.",
	  "The body comes byte for byte, so that it can be piped. With --json all is one object, the body\n"
	  "in it (null if it is no JSON).\n\n"
	  "  weirctl dead show 1763730000000-0\n"
	  "  weirctl dead show 1763730000000-0 2>/dev/null | jq .\n",
	  1, 1, CTL_SHOW, ctl_dead_show },
	{ "dead replay", "ENTRY...|all", "Send dead letters to the analyzers again.",
	  "For when the analyzers have learned to read them. They go by way of the spill, so it must have\n"
	  "room: else those that are left stay dead, and the exit status is 1. What is refused again is a\n"
	  "new dead letter. all: those that are there now.\n\n"
	  "  weirctl dead replay 1763730000000-0 1763730000017-3\n"
	  "  weirctl dead replay all\n",
	  1, CTL_MANY, CTL_REPLAY, ctl_dead_replay },
	{ "dead purge", "ENTRY...|all", "Delete dead letters for good.",
	  "all: those that are there now; it asks before, unless --yes is given.\n\n"
	  "  weirctl dead purge 1763730000000-0\n"
	  "  weirctl dead purge all --yes\n",
	  1, CTL_MANY, CTL_PURGE, ctl_dead_purge },
	{ "spill status", "", "Show how much is in the spill, and which workers have taken of it.",
	  "The same as weirctl spill alone. TAKEN is what a worker has and has not yet delivered; what a\n"
	  "worker that is not live has taken, another one takes over.\n\n"
	  "  weirctl spill\n"
	  "  weirctl spill status --json | jq .oldest_ms\n",
	  0, 0, CTL_SHOW, ctl_spill_status },
	{ "spill list", "", "Show the packets that wait for an analyzer, the oldest first.",
	  "  weirctl spill list\n"
	  "  weirctl spill list --limit 3 --json\n",
	  0, 0, CTL_LIST, ctl_spill_list },
	{ "spill show", "ENTRY", "Show a packet whole: its body on stdout, the rest on stderr.",
	  "The body comes byte for byte. With --json all is one object, the body in it (null if it is no\n"
	  "JSON).\n\n"
	  "  weirctl spill show 1763730000000-0\n",
	  1, 1, CTL_SHOW, ctl_spill_show },
	{ "health", "URL", "Ask a program for its health: a GET, which needs an answer of 2xx.",
	  "For health checks where there is no curl; needs no Redis. Exit status: 0 healthy, 1 not.\n\n"
	  "  weirctl health http://127.0.0.1:8080/readyz\n"
	  "  weirctl health http://127.0.0.1:9001/health --timeout 1s\n",
	  1, 1, CTL_HEALTH, ctl_health },
	{ "completion", "bash|ids", "Write what a shell needs to complete commands of weirctl.",
	  "bash: its completion script, of commands, options and ids. ids: the ids of the analyzers, one a\n"
	  "line, which that script asks for.\n\n"
	  "  source <(weirctl completion bash)\n"
	  "  weirctl completion bash > /etc/bash_completion.d/weirctl\n",
	  1, 1, CTL_SHOW, ctl_completion },
};

/* Commands of two words begin with the name of their group. */
static const struct {
	const char *name, *summary;
	ctl_run_fn *run; /* of the group alone; NULL: a command is wanted */
} groups[] = {
	{ "dead",
	  "Dead letters: packets that an analyzer refused as bad (400, 413, 415, 422), kept with the "
	  "reason.",
	  NULL },
	{ "spill", "The spill: packets that no analyzer could take, kept until one can.",
	  ctl_spill_status },
};

const struct ctl_command *ctl_command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const struct ctl_command *ctl_command_at(size_t i)
{
	return i < N_COMMANDS ? &commands[i] : NULL;
}

const char *ctl_command_group_at(size_t i)
{
	return i < ARRAY_LEN(groups) ? groups[i].name : NULL;
}

const char *ctl_command_closest(const char *name)
{
	const char *names[N_COMMANDS + ARRAY_LEN(groups)];
	size_t n = 0;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[n++] = commands[i].name;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		names[n++] = groups[i].name;
	return conf_closest(name, names, n);
}

bool ctl_command_is_group(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return true;
	return false;
}

/* group "": all commands are of it. */
static bool is_of_group(const struct ctl_command *command, const char *group)
{
	size_t len = strlen(group);

	return len == 0 || (strncmp(command->name, group, len) == 0 && command->name[len] == ' ');
}

static void write_list(const char *group, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "Commands:\n");

	for (size_t i = 0; i < N_COMMANDS && len < size; i++) {
		char usage[32];

		if (!is_of_group(&commands[i], group))
			continue;
		snprintf(usage, sizeof(usage), "%s %s", commands[i].name, commands[i].arguments);
		len += (size_t)snprintf(out + len, size - len, "  %-25s %s\n", usage,
					commands[i].summary);
	}
	if (len < size)
		snprintf(
			out + len, size - len,
			"\nweirctl COMMAND --help says more, with examples. Exit status: 0 done, 1 "
			"failed, 2 wrong usage.\n");
}

const struct ctl_command *ctl_command_none(const char *group)
{
	static char list[4096];
	static struct ctl_command none = {
		.name = "",
		.arguments = "COMMAND [ARGUMENTS]",
		.takes = CTL_SHOW,
		.summary = "The operator's tool: looks at a pool and changes it, "
			   "straight in Redis. No node needs to be there.",
		.help = list
	};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (strcmp(groups[i].name, group) != 0)
			continue;
		none.name = groups[i].name;
		none.summary = groups[i].summary;
		none.run = groups[i].run;
	}
	write_list(group, list, sizeof(list));
	return &none;
}
