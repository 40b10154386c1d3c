#include <stdio.h>
#include <string.h>

#include "registry/ctl.h"

#define N_COMMANDS ARRAY_LEN(commands)

static const struct ctl_command commands[] = {
	{ "status", "", "Show analyzers, nodes and totals as they are now.",
	  "TARGET is the share an analyzer should have now, ACTUAL what it got of all messages routed "
	  "to\n"
	  "analyzers that are registered now, ERROR the difference in percent of all. Totals since the\n"
	  "beginning follow the weights only if these were not changed: see weirctl verify --for.\n\n"
	  "  weirctl status\n"
	  "  weirctl --redis redis://10.0.0.5:6379/0 --pool audit status --json\n",
	  0, CTL_STATUS, ctl_status },
	{ "watch", "", "Show the status again and again, with the rate.",
	  "Ends on Ctrl-C, and carries on when Redis is away for a while. With --json a line each "
	  "time.\n\n"
	  "  weirctl watch\n"
	  "  weirctl watch --interval 500ms --count 10\n",
	  0, CTL_WATCH, ctl_watch },
	{ "weight", "ID WEIGHT", "Set the weight of an analyzer.",
	  "Only the relation of weights counts: 5, 3 and 2 are 0.5, 0.3 and 0.2. With 0 an analyzer "
	  "gets\n"
	  "nothing, unless all have 0: then all get the same. Holds until the analyzer registers with\n"
	  "another weight than it declared before.\n\n"
	  "  weirctl weight a1 2.5\n",
	  2, CTL_CHANGE, ctl_weight },
	{ "drain", "ID", "Give an analyzer nothing new, and let it finish.",
	  "For maintenance: what is queued for it is still delivered. weirctl enable takes it back.\n\n"
	  "  weirctl drain a1\n",
	  1, CTL_CHANGE, ctl_state },
	{ "enable", "ID", "Give an analyzer its share again, after drain or disable.",
	  "  weirctl enable a1\n", 1, CTL_CHANGE, ctl_state },
	{ "disable", "ID", "Give an analyzer nothing at all: what is queued for it goes to others.",
	  "  weirctl disable a1\n", 1, CTL_CHANGE, ctl_state },
	{ "fault", "ID FAULT", "Have an analyzer simulate a fault; none ends it.",
	  "The analyzer hears of it with its next heartbeat. weir-analyzer knows down, slow:MS (before "
	  "each\n"
	  "answer) and error:P (share of deliveries refused, 0 to 1); others may know more, or "
	  "nothing.\n\n"
	  "  weirctl fault a1 slow:250\n"
	  "  weirctl fault a1 none\n",
	  2, CTL_CHANGE, ctl_fault },
	{ "verify", "", "Check that everything adds up and that the shares are kept.",
	  "Checks, with figures: all that was routed was delivered, and processed (by those that count "
	  "it);\n"
	  "each analyzer's share of what was routed is its target; credit sums to 0. With --for it "
	  "looks\n"
	  "twice and checks the difference, for a pool under load or after weights were changed.\n"
	  "Exit status: 0 all is well, 1 something is not.\n\n"
	  "  weirctl verify\n"
	  "  weirctl verify --for 10s --tolerance 1\n",
	  0, CTL_VERIFY, ctl_verify },
};

const struct ctl_command *ctl_command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const char *ctl_command_closest(const char *name)
{
	const char *names[N_COMMANDS];

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	return conf_closest(name, names, N_COMMANDS);
}

const struct ctl_command *ctl_command_none(void)
{
	static char list[2048];
	static const struct ctl_command none = {
		.name = "",
		.arguments = "COMMAND [ARGUMENTS]",
		.summary = "The operator's tool: looks at a pool and changes it, "
			   "straight in Redis. No node needs to be there.",
		.help = list
	};
	size_t len = (size_t)snprintf(list, sizeof(list), "Commands:\n");

	for (size_t i = 0; i < N_COMMANDS && len < sizeof(list); i++) {
		char usage[32];

		snprintf(usage, sizeof(usage), "%s %s", commands[i].name, commands[i].arguments);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "  %-18s %s\n", usage,
					commands[i].summary);
	}
	if (len < sizeof(list))
		snprintf(list + len, sizeof(list) - len,
			 "\nweirctl COMMAND --help says more. Exit status: 0 done, 1 failed, 2 "
			 "wrong usage.\n");
	return &none;
}
