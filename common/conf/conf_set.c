#include "common/conf/conf_set.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_path.h"
#include "common/conf/conf_value.h"
#include "common/log.h"
#include "common/secret_file.h"

#define MAX_SHOWN 60 /* bytes of a bad value in a message */

/* Control characters would break the line, or the reader's terminal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

static void tell(const struct conf_program *program, const char *what, const char *fmt, va_list ap)
{
	char message[1024], line[1100];

	vsnprintf(message, sizeof(message), fmt, ap);
	make_printable(message);
	/* "weirctl status" is weirctl here: one program says all that it says in one way. */
	snprintf(line, sizeof(line), "%.*s: %s%s\n", (int)strcspn(program->name, " "),
		 program->name, what, message);
	log_write(line, strlen(line)); /* a reload must not wait for stderr */
	log_flush();
}

int conf_complain(const struct conf_program *program, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(program, "", fmt, ap);
	va_end(ap);
	return CONF_E_USAGE;
}

void conf_warn(const struct conf_program *program, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(program, "warning: ", fmt, ap);
	va_end(ap);
}

int conf_refuse_value(const struct conf_program *program, const char *where, const char *value,
		      const char *why)
{
	if (!value)
		return conf_complain(program, "%s: the value %s", where, why);
	if (!*value)
		return conf_complain(program, "%s: the empty value %s", where, why);
	return conf_complain(program, "%s: \"%.*s%s\" %s", where, MAX_SHOWN, value,
			     strlen(value) > MAX_SHOWN ? "..." : "", why);
}

int conf_set(struct conf_run *run, size_t i, struct conf_source source, const char *where,
	     const char *text)
{
	const struct conf_option *option = &run->program->options[i];
	void *field = conf_field(option, run->out);
	char why[128];
	int r;

	/* A list grows within one source, but the next source starts it anew. */
	if (option->type == CONF_LIST && run->sources[i].origin != source.origin)
		conf_value_clear(option, field);
	r = conf_parse_value(option, text, field, why);
	if (r == 0)
		run->sources[i] = source;
	if (r != CONF_E_USAGE)
		return r;
	return conf_refuse_value(run->program, where, option->flags & CONF_SECRET ? NULL : text,
				 why);
}

int conf_set_from_file(struct conf_run *run, size_t i, struct conf_source source, const char *where,
		       const char *path)
{
	AUTO_FREE char *secret = malloc(SECRET_FILE_MAX);
	int r;

	if (!secret)
		return -ENOMEM;
	r = secret_file_read(path, secret);
	if (r != 0)
		return conf_complain(run->program, "%s: cannot read %s: %s", where, path,
				     strerror(-r));
	r = conf_set(run, i, source, where, secret);
	explicit_bzero(secret, SECRET_FILE_MAX);
	if (r == 0)
		r = conf_path_remember(&run->program->options[i], path);
	return r;
}
