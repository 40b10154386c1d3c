#include "common/conf/conf_set.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/conf_value.h"

#define MAX_SECRET 65536 /* bytes of a NAME_FILE */
#define MAX_SHOWN 60     /* bytes of a bad value in a message */

/* Control characters would break the line, or the reader's terminal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

int conf_complain(const struct conf_program *program, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	make_printable(message);
	fprintf(stderr, "%s: %s\n", program->name, message);
	return CONF_E_USAGE;
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
	if (option->flags & CONF_SECRET)
		return conf_complain(run->program, "%s: the value %s", where, why);
	return conf_complain(run->program, "%s: \"%.*s%s\" %s", where, MAX_SHOWN, text,
			     strlen(text) > MAX_SHOWN ? "..." : "", why);
}

/* The file's content without its last newline, NUL-terminated. */
static int read_secret(const char *path, char secret[MAX_SECRET])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (len < MAX_SECRET && (n = read(fd, secret + len, MAX_SECRET - len)) != 0) {
		if (n < 0 && errno != EINTR) {
			r = -errno;
			break;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (r != 0 || len == MAX_SECRET)
		return r != 0 ? r : -EFBIG;
	if (len > 0 && secret[len - 1] == '\n')
		len--;
	if (len > 0 && secret[len - 1] == '\r')
		len--;
	secret[len] = '\0';
	return strlen(secret) == len ? 0 : -EILSEQ;
}

int conf_set_from_file(struct conf_run *run, size_t i, struct conf_source source, const char *where,
		       const char *path)
{
	AUTO_FREE char *secret = malloc(MAX_SECRET);
	int r;

	if (!secret)
		return -ENOMEM;
	r = read_secret(path, secret);
	if (r != 0)
		return conf_complain(run->program, "%s: cannot read %s: %s", where, path,
				     strerror(-r));
	r = conf_set(run, i, source, where, secret);
	explicit_bzero(secret, MAX_SECRET);
	return r;
}
