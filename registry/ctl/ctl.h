#ifndef WEIR_REGISTRY_CTL_H
#define WEIR_REGISTRY_CTL_H
/*
 * What the parts of weirctl share:
 *   weirctl.c      finds the command, connects, runs it
 *   ctl_options.c  one table of options, and which commands take them
 *   ctl_command.c  one table of commands
 *   ctl_status.c   status, watch, nodes
 *   ctl_top.c      top; on ctl_screen.c, the terminal, what ctl_frame.c makes of ctl_history.c
 *   ctl_events.c   events; ctl_changes.c says what is different
 *   ctl_complete.c completion
 *   ctl_change.c   weight, drain, enable, disable, remove, fault
 *   ctl_verify.c   verify
 *   ctl_verdict.c  what it found
 *   ctl_dead.c     dead replay, dead purge
 *   ctl_spill.c    spill status
 *   ctl_health.c   health
 *   ctl_show.c     list and show, of both streams: dead and spill
 *   ctl_entries.c  their entries: named on the command line
 *   ctl_table.c    text in columns
 */
#include <cjson/cJSON.h>
#include <limits.h>

#include "common/conf/conf.h"
#include "registry/cluster.h"
#include "registry/ctl/ctl_user.h"
#include "registry/keys.h"
#include "registry/membership.h"

enum ctl_exit { CTL_OK, CTL_FAILED, CTL_USAGE };

#define CTL_SOURCE_SIZE 160 /* "WEIR_POOL", "/etc/weir/ctl.conf:3" */

struct ctl_options {
	char *redis, *pool;
	char pool_source[CTL_SOURCE_SIZE];         /* a variable or a file; "": neither */
	char *spill_redis;                         /* NULL: spill and dead letters are in `redis` */
	char *ca, *cert, *key;                     /* of an https:// admin; NULL: none */
	char *admin, *admin_token;                 /* of a node; NULL: straight to Redis */
	const char *redis_file, *spill_redis_file; /* they came from; NULL: from none */
	uint64_t timeout_ms;
	bool json;
	uint64_t interval_ms;     /* watch */
	int64_t count;            /* watch, events; 0: for ever */
	double tolerance;         /* verify; percent */
	uint64_t for_ms;          /* verify; 0: since the beginning. events; 0: for ever */
	uint64_t wait_ms;         /* verify */
	int64_t last;             /* events; 0: not given */
	uint64_t since_ms;        /* events; 0: not given */
	int64_t limit;            /* list */
	bool yes;                 /* dead purge */
	uint64_t spill_max_bytes; /* dead replay */
	uint64_t latency_ms;      /* fault; 0: not given, as of those below */
	double errors;
	bool off, clear;
	bool wait; /* drain */
	uint64_t drain_timeout_ms;
};

struct ctl {
	struct ctl_options options;
	struct redis_url url;
	struct registry_keys keys;
	struct client *client;
	/* Of commands about spill and dead letters: where these are, and how their keys are called. */
	struct redis_url store_url;
	struct registry_keys store_keys;
	struct client *store;        /* `client` where they are in the same Redis */
	char by[CTL_USER_SIZE + 16]; /* who runs it, for the journal */
};

/* Bits of commands in the table of options. */
#define CTL_STATUS 1u
#define CTL_WATCH 2u
#define CTL_CHANGE 4u
#define CTL_VERIFY 8u
#define CTL_LIST 16u
#define CTL_SHOW 32u
#define CTL_REPLAY 64u
#define CTL_PURGE 128u
#define CTL_HEALTH 256u
#define CTL_REGISTRY (~CTL_HEALTH) /* all others: they talk to Redis */
#define CTL_EVENTS 512u
#define CTL_FAULT 1024u
#define CTL_DRAIN 4096u
#define CTL_STORE 2048u /* about spill and dead letters */

struct ctl_command;
/* arguments end with NULL. */
typedef enum ctl_exit ctl_run_fn(struct ctl *ctl, const struct ctl_command *command,
				 char **arguments);

#define CTL_MANY INT_MAX /* arguments */

struct ctl_command {
	const char *name;      /* "status"; "dead list": of the group `dead` */
	const char *arguments; /* as in its usage: "ID WEIGHT"; "" = none */
	const char *summary;   /* one line */
	int min_arguments, max_arguments;
	unsigned takes; /* CTL_* of the options */
	ctl_run_fn *run;
	const char *list; /* of a group: its commands; else NULL */
};

/* NULL: there is none of that name. */
const struct ctl_command *ctl_command_find(const char *name);
/* What it does, with examples: the text of its file in registry/ctl/help/; NULL: it has none. */
const char *ctl_command_help(const struct ctl_command *command);
const char *ctl_command_closest(const char *name); /* or NULL */
bool ctl_command_is_group(const char *name);
/* A group without one of its commands, or weirctl without a command (""): for --help and --version.
 * Its `run` is NULL, or that of the command that is meant then. */
const struct ctl_command *ctl_command_none(const char *group);

/* The i-th command, NULL: there are no more; and the i-th group. */
const struct ctl_command *ctl_command_at(size_t i);
const char *ctl_command_group_at(size_t i);

/* The i-th option that a command takes, NULL: there are no more. */
const struct conf_option *ctl_options_at(const struct ctl_command *command, size_t i);
/* Index in argv of the command, 0: there is none. */
int ctl_options_skip(int argc, char **argv);
/* As conf_load, with the options that the command takes. */
int ctl_options_load(struct ctl_options *options, const struct ctl_command *command, int argc,
		     char **argv, char ***restp, int *n_restp) MUST_CHECK;
void ctl_options_free(struct ctl_options *options);

/* A pool that nobody ever used, where there are others: one line on stderr names them. */
enum ctl_exit ctl_check_pool(struct ctl *ctl);
/* "weirctl: MESSAGE", one line on stderr, as in all programs. */
void ctl_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Says what failed, or what is wrong usage, and returns the exit code. */
enum ctl_exit ctl_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
enum ctl_exit ctl_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* What a function of membership.h returned, about analyzer `id` (NULL: none). */
enum ctl_exit ctl_explain(struct ctl *ctl, int error, const char *id);
enum ctl_exit ctl_print_json(cJSON *json); /* takes it */

ctl_run_fn ctl_status, ctl_watch, ctl_weight, ctl_state, ctl_remove, ctl_fault, ctl_verify;
ctl_run_fn ctl_refusals, ctl_nodes, ctl_top, ctl_events, ctl_completion;
ctl_run_fn ctl_dead_list, ctl_dead_show, ctl_dead_replay, ctl_dead_purge;
ctl_run_fn ctl_spill_list, ctl_spill_show, ctl_spill_status;
ctl_run_fn ctl_health;

/* Waits, or less if SIGINT or SIGTERM came: false. */
bool ctl_wait(uint64_t ms);
void ctl_catch_signals(void);

#endif
