#ifndef WEIR_COMMON_CONF_PRIVATE_H
#define WEIR_COMMON_CONF_PRIVATE_H
/*
 * What the conf_*.c files share:
 *   conf.c        the order of the sources: defaults < file < environment < flags
 *   conf_args.c   command line -> settings
 *   conf_file.c   file -> settings
 *   conf_value.c  text <-> one field
 *   conf_amount.c numbers with a unit, bounds
 *   conf_names.c  spelling of names
 *   conf_help.c   --help, --version
 *   conf_print.c  --print-config
 */
#include <stdarg.h>

#include "common/buf.h"
#include "common/conf/conf.h"

#define CONF_NO_OPTION SIZE_MAX

enum conf_origin {
	CONF_FROM_DEFAULT,
	CONF_FROM_FILE,
	CONF_FROM_ENV,
	CONF_FROM_ENV_FILE,
	CONF_FROM_FLAG
};

struct conf_source { /* where the value of an option is from */
	enum conf_origin origin;
	unsigned line; /* of the file */
};

/* One conf_load. */
struct conf_run {
	const struct conf_program *program;
	void *out;
	struct conf_source *sources; /* owned; per option */
	const char *file;            /* --config; borrowed, NULL: none */
	bool check, print;           /* --check-config, --print-config */
};

/* The flags that every program has. */
struct conf_builtin {
	const char *name;
	const char *placeholder; /* NULL: takes no value */
	const char *help;
};
enum conf_builtin_id {
	CONF_HELP,
	CONF_VERSION,
	CONF_CONFIG,
	CONF_CHECK_CONFIG,
	CONF_PRINT_CONFIG,
	CONF_BUILTINS
};
extern const struct conf_builtin conf_builtins[CONF_BUILTINS];

/* "PROGRAM: message" as one line on stderr; returns CONF_E_USAGE. */
int conf_complain(const struct conf_program *program, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Gives option `i` a value from `source`, replacing what a weaker source said; `where` is how the
 * message for a bad value begins ("--workers").
 */
int conf_set(struct conf_run *run, size_t i, struct conf_source source, const char *where,
	     const char *text) MUST_CHECK;
/* The same with what is in the file `path`. */
int conf_set_from_file(struct conf_run *run, size_t i, struct conf_source source, const char *where,
		       const char *path) MUST_CHECK;

/* A value on the command line. */
struct conf_flag {
	size_t option;
	const char *text; /* borrowed from argv */
	bool is_file;     /* the value is in the file that `text` names */
};
struct conf_args {
	struct conf_flag *flags; /* owned */
	size_t n_flags;
	char **rest; /* borrowed: the end of argv */
	int n_rest;
};
/* Fills run->file, check and print too. CONF_E_DONE: --help or --version was answered. */
int conf_args_scan(struct conf_run *run, int argc, char **argv, struct conf_args *args) MUST_CHECK;

int conf_file_load(struct conf_run *run) MUST_CHECK;

/* Index of the option, or CONF_NO_OPTION. */
size_t conf_find(const struct conf_program *program, const char *name, size_t len);
/* The same of "NAME-file", where NAME is a secret. */
size_t conf_find_file(const struct conf_program *program, const char *name, size_t len);
bool conf_name_is(const char *name, const char *text, size_t len); /* '_' is '-' */
#define CONF_ENV_STRLEN 96
/* "admin-listen": "WEIR_ADMIN_LISTEN" */
void conf_env_name(const char *name, char env[CONF_ENV_STRLEN]);
/* " (did you mean name?)", with --name where the built-in flags count too, or "" */
void conf_suggest(const struct conf_program *program, const char *name, size_t len,
		  bool with_builtins, char hint[128]);

void *conf_field(const struct conf_option *option, void *out);
void conf_value_zero(const struct conf_option *option, void *field);
void conf_value_clear(const struct conf_option *option, void *field); /* releases and zeroes */
/* In the option's own syntax. */
void conf_value_format(const struct conf_option *option, const void *field, struct buf *out);

#define CONF_WHY_STRLEN 128
#define CONF_AMOUNT_STRLEN 40
#define CONF_RANGE_STRLEN 96
/* Of CONF_DURATION or CONF_SIZE. */
int conf_amount_parse(const struct conf_option *option, const char *text, uint64_t *valuep,
		      char *why) MUST_CHECK;
/* Of any number: "1.5", "10s", "64KiB" */
void conf_amount_format(enum conf_type type, double value, char text[CONF_AMOUNT_STRLEN]);
/* "1 to 256", "at least 10ms" or "" */
void conf_range_format(const struct conf_option *option, char range[CONF_RANGE_STRLEN]);
int conf_check_bounds(const struct conf_option *option, double value, char *why) MUST_CHECK;
/* CONF_E_USAGE, and in `why` `what` with the bounds or, where none, an example (may be NULL). */
int conf_refuse(const struct conf_option *option, const char *what, const char *example, char *why);

/* NULL for a flag that stands alone. */
const char *conf_placeholder(const struct conf_option *option);
int conf_answer_help(const struct conf_program *program);    /* CONF_E_DONE or -ENOMEM */
int conf_answer_version(const struct conf_program *program); /* CONF_E_DONE */
int conf_answer_print(const struct conf_run *run);           /* CONF_E_DONE or -ENOMEM */
/* Prints what was built on stdout and releases it: CONF_E_DONE, or -ENOMEM if it failed. */
int conf_answer(struct buf *out);

#endif
