#ifndef WEIR_COMMON_CONF_SETTINGS_H
#define WEIR_COMMON_CONF_SETTINGS_H
/*
 * Each option with its value as text and where it is from: what --print-config prints, and what a
 * running program may show of itself. Secrets are masked here already.
 */
#include "common/conf/conf_set.h"

struct conf_setting {
	const struct conf_option *option;
	char *value; /* owned; in the option's own syntax, a secret masked; NULL: not set */
	enum conf_origin origin;
	char *source; /* owned; "default", "--listen", "WEIR_NODE_LISTEN", "FILE:3" */
};

struct conf_settings {
	struct conf_setting *list; /* owned */
	size_t n;
};

/* Those of a run whose values are read, in the order of the table, but for one-shot options.
 * -ENOMEM: there are none. */
int conf_settings_init(struct conf_settings *s, const struct conf_run *run) MUST_CHECK;
void conf_settings_deinit(struct conf_settings *s);

/*
 * Keeps them, and takes them over, as those with which the process runs. Loaded again for the same
 * program, only options that are CONF_RELOADABLE change.
 */
void conf_settings_keep(const struct conf_program *program, struct conf_settings *s);
/* Calls `on` with each of the program that was loaded last. Any thread; `on` must not load. */
void conf_settings_each(void (*on)(void *arg, const struct conf_setting *setting), void *arg);
/* "default", "file", "env", "flag" */
const char *conf_origin_name(enum conf_origin origin);

#endif
