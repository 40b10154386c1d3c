#ifndef WEIR_REGISTRY_CTL_H
#define WEIR_REGISTRY_CTL_H
/*
 * What the parts of weirctl share:
 *   weirctl.c      finds the command, connects, runs it
 *   ctl_options.c  one table of options, and which commands take them
 *   ctl_command.c  one table of commands
 *   ctl_status.c   status, watch
 *   ctl_change.c   weight, drain, enable, disable, fault
 *   ctl_verify.c   verify
 *   ctl_table.c    text in columns
 */
#include <cjson/cJSON.h>

#include "common/conf.h"
#include "registry/cluster.h"
#include "registry/membership.h"

enum ctl_exit { CTL_OK, CTL_FAILED, CTL_USAGE };

struct ctl_options {
	char *redis, *pool;
	uint64_t timeout_ms;
	bool json;
	uint64_t interval_ms; /* watch */
	int64_t count;        /* watch; 0: for ever */
	double tolerance;     /* verify; percent */
	uint64_t for_ms;      /* verify; 0: since the beginning */
	uint64_t wait_ms;     /* verify */
};

struct ctl {
	struct ctl_options options;
	struct redis_url url;
	struct registry_keys keys;
	struct client *client;
};

/* Bits of commands in the table of options. */
#define CTL_STATUS 1u
#define CTL_WATCH 2u
#define CTL_CHANGE 4u
#define CTL_VERIFY 8u

struct ctl_command {
	const char *name;
	const char *arguments; /* as in its usage: "ID WEIGHT"; "" = none */
	const char *summary;   /* one line */
	const char *help;      /* what it does, examples; verbatim */
	int n_arguments;
	unsigned takes; /* CTL_* of the options */
	enum ctl_exit (*run)(struct ctl *ctl, const struct ctl_command *command, char **arguments);
};

/* NULL: there is none of that name. */
const struct ctl_command *ctl_command_find(const char *name);
const char *ctl_command_closest(const char *name); /* or NULL */
/* weirctl without a command: for --help and --version. */
const struct ctl_command *ctl_command_none(void);

/* Index in argv of the command, 0: there is none. */
int ctl_options_skip(int argc, char **argv);
/* As conf_load, with the options that the command takes. */
int ctl_options_load(struct ctl_options *options, const struct ctl_command *command, int argc,
		     char **argv, char ***restp, int *n_restp) MUST_CHECK;
void ctl_options_free(struct ctl_options *options);

/* One line on stderr; returns the exit code. */
enum ctl_exit ctl_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
enum ctl_exit ctl_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* What a function of membership.h returned, about analyzer `id` (NULL: none). */
enum ctl_exit ctl_explain(struct ctl *ctl, int error, const char *id);
enum ctl_exit ctl_print_json(cJSON *json); /* takes it */

enum ctl_exit ctl_status(struct ctl *ctl, const struct ctl_command *command, char **arguments);
enum ctl_exit ctl_watch(struct ctl *ctl, const struct ctl_command *command, char **arguments);
enum ctl_exit ctl_weight(struct ctl *ctl, const struct ctl_command *command, char **arguments);
enum ctl_exit ctl_state(struct ctl *ctl, const struct ctl_command *command, char **arguments);
enum ctl_exit ctl_fault(struct ctl *ctl, const struct ctl_command *command, char **arguments);
enum ctl_exit ctl_verify(struct ctl *ctl, const struct ctl_command *command, char **arguments);

/* Waits, or less if SIGINT or SIGTERM came: false. */
bool ctl_wait(uint64_t ms);
void ctl_catch_signals(void);

#endif
