#ifndef WEIR_COMMON_CONF_OPTION_H
#define WEIR_COMMON_CONF_OPTION_H
/* The table of options that a program writes, and the fields that it fills. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
	CONF_STRING,   /* char *; owned by the config, NULL where the default is NULL */
	CONF_INT,      /* int64_t */
	CONF_DOUBLE,   /* double */
	CONF_BOOL,     /* bool */
	CONF_DURATION, /* uint64_t, ms; "250ms" "1.5s" "5m" "1h"; without a unit only "0" */
	CONF_SIZE,     /* uint64_t, bytes; "64KiB" "1MiB" "2GiB", bare number = bytes */
	CONF_CHOICE,   /* int: index into `choices` */
	CONF_LIST,     /* struct conf_list; repeat the flag, or separate by commas */
	CONF_TYPES
};

struct conf_list {
	char **values;
	size_t n_values;
};

#define CONF_SECRET 1u     /* masked in --print-config; NAME-file takes a path, everywhere */
#define CONF_RELOADABLE 2u /* said in --help; reload itself is the program's */
#define CONF_REQUIRED 4u   /* no default: a clear error when it is missing */
#define CONF_LINES                                                                                 \
	16u          /* of a list: an element is a line, and may hold commas. Of a secret what
			      stands before the first colon of an element is none */
#define CONF_ONCE 8u /* of one call alone: neither a variable nor in a file */

struct conf_option {
	const char *name;
	enum conf_type type;
	size_t offset;           /* of the field in the program's struct */
	const char *fallback;    /* default, in the option's own syntax; NULL = unset */
	const char *placeholder; /* in --help: "HOST:PORT"; NULL: by type */
	const char *help;        /* one or two sentences */
	double min, max; /* both 0: no bounds; max < min: no upper bound; in the field's unit */
	const char *const *choices; /* CONF_CHOICE, NULL-terminated */
	unsigned flags;
};

struct conf_program {
	const char *name;    /* "weir-node"; with a command of its own options: "weirctl status" */
	const char *summary; /* one sentence */
	const char *usage;   /* after the name in "Usage:", e.g. "[options] COMMAND [ARG...]" */
	const char *epilog;  /* examples and commands, verbatim at the end of --help; may be NULL */
	const struct conf_option *options;
	size_t n_options;
	bool takes_arguments; /* arguments that are no options are handed back, else an error */
	/* Once all is set, also for --check-config: checks what one option alone cannot say, fills
	 * in what depends on the machine. Returns as conf_load; NULL: there is nothing. */
	int (*finish)(void *config);
	/* For --check-config alone, after finish: what a start survives, and still is a mistake. */
	int (*check)(void *config);
};

#define CONF_E_DONE 1  /* --help, --version, --check-config, --print-config: answered, exit 0 */
#define CONF_E_USAGE 2 /* one clear line is on stderr: exit 2 */

#endif
