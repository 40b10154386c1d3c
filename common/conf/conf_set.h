#ifndef WEIR_COMMON_CONF_SET_H
#define WEIR_COMMON_CONF_SET_H
/* One run of conf_load, and how it gives one option one value. */
#include "common/conf/conf_option.h"
#include "common/err.h"

enum conf_origin {
	CONF_FROM_DEFAULT,
	CONF_FROM_FILE,
	CONF_FROM_ENV,
	CONF_FROM_ENV_FILE,
	CONF_FROM_FLAG
};

struct conf_source { /* where the value of an option is from */
	enum conf_origin origin;
	unsigned line;     /* of the file */
	bool has_old_name; /* of a variable that lacks the program's name */
};

/* One conf_load. */
struct conf_run {
	const struct conf_program *program;
	void *out;
	struct conf_source *sources; /* owned; per option */
	const char *file;            /* --config; borrowed, NULL: none */
	bool check, print;           /* --check-config, --print-config */
};

/* "PROGRAM: message" as one line on stderr, without a command that stands behind the name of the program;
 * returns CONF_E_USAGE. */
int conf_complain(const struct conf_program *program, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "PROGRAM: WHERE: "value" WHY": the one style in which a value is refused. value NULL: it is a
 * secret. */
int conf_refuse_value(const struct conf_program *program, const char *where, const char *value,
		      const char *why);
/* "PROGRAM: warning: message" */
void conf_warn(const struct conf_program *program, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Gives option `i` a value from `source`, replacing what a weaker source said; `where` is how the
 * message for a bad value begins ("--workers").
 */
int conf_set(struct conf_run *run, size_t i, struct conf_source source, const char *where,
	     const char *text) MUST_CHECK;
/* The same with what is in the file `path`. */
int conf_set_from_file(struct conf_run *run, size_t i, struct conf_source source, const char *where,
		       const char *path) MUST_CHECK;

#endif
