#include <stdio.h>
#include <string.h>

#include "common/conf/conf_names.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_help.h"

#define N_COMMANDS ARRAY_LEN(commands)

static const struct ctl_command commands[] = {
	{ "status", "", "Show analyzers, nodes and totals as they are now.", 0, 0, CTL_STATUS,
	  ctl_status },
	{ "watch", "", "Show the status again and again, with the rate.", 0, 0, CTL_WATCH,
	  ctl_watch },
	{ "top", "", "Show the pool live, on the whole terminal.", 0, 0, CTL_STATUS, ctl_top },
	{ "nodes", "", "Show the nodes, and whom they cannot reach.", 0, 0, CTL_STATUS, ctl_nodes },
	{ "refusals", "", "Show which agents are refused, and what to change.", 0, 0, CTL_STATUS,
	  ctl_refusals },
	{ "events", "", "Follow what happens: a line each, with time, cause and what changed.", 0,
	  0, CTL_EVENTS, ctl_events },
	{ "weight", "ID WEIGHT", "Set the weight of an analyzer.", 2, 2, CTL_CHANGE, ctl_weight },
	{ "drain", "ID", "Give an analyzer nothing new, and let it finish.", 1, 1,
	  CTL_CHANGE | CTL_DRAIN, ctl_state },
	{ "enable", "ID", "Give an analyzer its share again, after drain or disable.", 1, 1,
	  CTL_CHANGE, ctl_state },
	{ "disable", "ID", "Give an analyzer nothing at all: what is queued for it goes to others.",
	  1, 1, CTL_CHANGE, ctl_state },
	{ "remove", "ID", "Remove an analyzer that is gone. One that is alive registers again.", 1,
	  1, CTL_CHANGE, ctl_remove },
	{ "fault", "ID [FAULT]", "Have an analyzer simulate a fault: one of the options.", 1, 2,
	  CTL_FAULT, ctl_fault },
	{ "verify", "", "Check that everything adds up and that the shares are kept.", 0, 0,
	  CTL_VERIFY, ctl_verify },
	{ "dead list", "",
	  "Show the packets that were refused as bad, or are poison, the latest first.", 0, 0,
	  CTL_LIST | CTL_STORE, ctl_dead_list },
	{ "dead show", "ENTRY", "Show a dead letter whole: its body on stdout, the rest on stderr.",
	  1, 1, CTL_SHOW | CTL_STORE, ctl_dead_show },
	{ "dead replay", "ENTRY...|all", "Send dead letters to the analyzers again.", 1, CTL_MANY,
	  CTL_REPLAY | CTL_STORE, ctl_dead_replay },
	{ "dead purge", "ENTRY...|all", "Delete dead letters for good.", 1, CTL_MANY,
	  CTL_PURGE | CTL_STORE, ctl_dead_purge },
	{ "spill status", "", "Show how much is in the spill, and which workers have taken of it.",
	  0, 0, CTL_SHOW | CTL_STORE, ctl_spill_status },
	{ "spill list", "", "Show the packets that wait for an analyzer, the oldest first.", 0, 0,
	  CTL_LIST | CTL_STORE, ctl_spill_list },
	{ "spill show", "ENTRY", "Show a packet whole: its body on stdout, the rest on stderr.", 1,
	  1, CTL_SHOW | CTL_STORE, ctl_spill_show },
	{ "health", "URL", "Ask a program for its health: a GET, which needs an answer of 2xx.", 1,
	  1, CTL_HEALTH, ctl_health },
	{ "completion", "bash|zsh|fish|ids", "Write what a shell needs to complete commands.", 1, 1,
	  CTL_SHOW, ctl_completion },
};

/* Commands of two words begin with the name of their group. */
static const struct {
	const char *name, *summary;
	ctl_run_fn *run; /* of the group alone; NULL: a command is wanted */
} groups[] = {
	{ "dead",
	  "Dead letters: packets that were refused as bad (400, 413, 415, 422), or are poison, kept "
	  "with the reason.",
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

const char *ctl_command_help(const struct ctl_command *command)
{
	char file[40];

	if (command->list)
		return command->list;
	snprintf(file, sizeof(file), "%s.txt", command->name);
	for (char *p = file; *p; p++)
		if (*p == ' ')
			*p = '-';
	for (size_t i = 0; i < n_ctl_help; i++)
		if (strcmp(ctl_help[i].name, file) == 0)
			return (const char *)ctl_help[i].data;
	return NULL;
}

const struct ctl_command *ctl_command_none(const char *group)
{
	static char list[4096];
	static struct ctl_command none = {
		.name = "",
		.arguments = "COMMAND [ARGUMENTS]",
		.takes = CTL_SHOW,
		.summary = "The operator's tool: looks at a pool and changes it, "
			   "straight in Redis or, with --admin, through a node.",
		.list = list
	};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (strcmp(groups[i].name, group) != 0)
			continue;
		none.name = groups[i].name;
		none.summary = groups[i].summary;
		none.run = groups[i].run;
		none.takes |= CTL_STORE;
	}
	write_list(group, list, sizeof(list));
	return &none;
}
