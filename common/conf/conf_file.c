/*
 * The file: a line is blank, a comment, or
 *   name = value            # from '#' after a blank to the end is a comment
 *   name = "any # value"    # \" \\ \n \t \r within quotes
 */
#include "common/conf/conf_file.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/conf/conf_names.h"

DEFINE_CLEANUP(FILE, fclose)

static char *trim_left(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* Cuts blanks from both ends, in place. */
static char *trim(char *text)
{
	size_t len;

	text = trim_left(text);
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* A '#' right behind '=' or within a word belongs to the value. */
static void cut_comment(char *text)
{
	for (char *p = text; *p; p++) {
		if (isspace((unsigned char)p[0]) && p[1] == '#') {
			*p = '\0';
			return;
		}
	}
}

/* Resolves a quoted value in place; false where the quote is not closed or followed by anything. */
static bool unquote(char *text)
{
	static const char plain[256] = {
		['n'] = '\n', ['t'] = '\t', ['r'] = '\r', ['"'] = '"', ['\\'] = '\\'
	};
	char *to = text;
	const char *from = text + 1;

	while (*from && *from != '"') {
		if (*from == '\\') {
			from++;
			if (!plain[(unsigned char)*from])
				return false;
			*to++ = plain[(unsigned char)*from++];
		} else {
			*to++ = *from++;
		}
	}
	if (*from != '"')
		return false;
	from += 1 + strspn(from + 1, " \t\r\n");
	if (*from != '\0' && *from != '#')
		return false;
	*to = '\0';
	return true;
}

static int on_setting(struct conf_run *run, unsigned n_line, char *name, char *value)
{
	size_t option = conf_find(run->program, name, strlen(name));
	size_t in_file = conf_find_file(run->program, name, strlen(name));
	const struct conf_source source = { CONF_FROM_FILE, n_line };
	AUTO_FREE char *where = NULL;
	char hint[128];

	if (option == CONF_NO_OPTION)
		option = in_file;
	else
		in_file = CONF_NO_OPTION;
	if (option == CONF_NO_OPTION) {
		conf_suggest(run->program, name, strlen(name), false, hint);
		return conf_complain(run->program, "%s:%u: unknown option \"%s\"%s", run->file,
				     n_line, name, hint);
	}
	if (asprintf(&where, "%s:%u: %s%s", run->file, n_line, run->program->options[option].name,
		     in_file == CONF_NO_OPTION ? "" : "-file") < 0) {
		where = NULL;
		return -ENOMEM;
	}
	if (run->program->options[option].flags & CONF_ONCE)
		return conf_complain(run->program, "%s:%u: --%s belongs on the command line",
				     run->file, n_line, name);
	if (*trim_left(value) == '"') {
		value = trim_left(value);
		if (!unquote(value))
			return conf_complain(run->program,
					     "%s: the quoted value is not well-formed", where);
	} else {
		cut_comment(value);
		value = trim(value);
	}
	return in_file == CONF_NO_OPTION ? conf_set(run, option, source, where, value)
					 : conf_set_from_file(run, option, source, where, value);
}

static int on_line(struct conf_run *run, unsigned n_line, char *line, size_t len)
{
	char *equals;

	if (strlen(line) != len)
		return conf_complain(run->program, "%s:%u: is not text", run->file, n_line);
	line = trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return conf_complain(run->program, "%s:%u: expected \"name = value\"", run->file,
				     n_line);
	*equals = '\0';
	return on_setting(run, n_line, trim(line), equals + 1);
}

int conf_file_load(struct conf_run *run)
{
	CLEANUP(fclosep) FILE *file = fopen(run->file, "re");
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	unsigned n_line = 0;
	ssize_t len;
	int r = 0;

	if (!file)
		return conf_complain(run->program, "cannot open the configuration file %s: %s",
				     run->file, strerror(errno));
	while (r == 0 && (len = getline(&line, &capacity, file)) >= 0)
		r = on_line(run, ++n_line, line, (size_t)len);
	if (r == 0 && ferror(file))
		return conf_complain(run->program, "cannot read the configuration file %s: %s",
				     run->file, strerror(errno));
	return r;
}
