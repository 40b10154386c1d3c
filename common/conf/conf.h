#ifndef WEIR_COMMON_CONF_H
#define WEIR_COMMON_CONF_H
/*
 * One table of options drives flags, environment, file, --help, --print-config.
 *
 * Precedence: defaults < file < environment < flags. For an option "admin-listen":
 *   --admin-listen V, --admin-listen=V, WEIR_ADMIN_LISTEN=V, "admin-listen = V" in --config FILE.
 * '_' and '-' are the same in names. A bool flag stands alone (--x) or takes =true/=false.
 * A secret may be given as NAME_FILE in the environment (its content is read, last newline cut).
 * Always there: --help (-h), --version, --config FILE (WEIR_CONFIG), --check-config, --print-config
 * (with the origin of each value; a valid file again, but for secrets, which are masked). An
 * unknown flag or file key is an error with "did you mean". An empty variable counts as not set;
 * WEIR_* variables of no option are ignored. In the file '#' after a blank begins a comment, and a
 * value in double quotes may hold anything (\" \\ \n \t \r).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

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
	const char *name;    /* "weir-node" */
	const char *summary; /* one sentence */
	const char *usage;   /* after the name in "Usage:", e.g. "[options] COMMAND [ARG...]" */
	const char *epilog;  /* examples and commands, verbatim at the end of --help; may be NULL */
	const struct conf_option *options;
	size_t n_options;
	bool takes_arguments; /* arguments that are no options are handed back, else an error */
	/* Once all is set, also for --check-config: checks what one option alone cannot say, fills
	 * in what depends on the machine. Returns as conf_load; NULL: there is nothing. */
	int (*finish)(void *config);
};

#define CONF_E_DONE 1  /* --help, --version, --check-config, --print-config: answered, exit 0 */
#define CONF_E_USAGE 2 /* one clear line is on stderr: exit 2 */

/*
 * Fills the options' fields of *out (zeroed first). restp/n_restp: the arguments that are no
 * options, borrowed from argv (argv is permuted, so that loading it again finds the same); may be
 * NULL if the program takes none. Everything after "--" is an argument. For a program that takes
 * arguments, options may stand before and after them. After 0, release with conf_free.
 */
int conf_load(const struct conf_program *program, void *out, int argc, char **argv, char ***restp,
	      int *n_restp) MUST_CHECK;
void conf_free(const struct conf_program *program, void *out);

/*
 * One value of one option into the field `out`: 0, or CONF_E_USAGE with the reason in `why` ("is
 * not a whole number (expected 1 to 256)") and the field unchanged. A string replaces (and
 * releases) what the field held, a list grows: zero the field before the first call. For tests and
 * other parsers.
 */
int conf_parse_value(const struct conf_option *option, const char *text, void *out,
		     char why[128]) MUST_CHECK;

/* The closest of `names` to `word` within two edits, or NULL: for "did you mean". */
const char *conf_closest(const char *word, const char *const *names, size_t n_names);

#endif
