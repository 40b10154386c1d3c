#include "analyzer/sink/sink_headers.h"

#include <stdbool.h>
#include <string.h>

#include "common/secret_file.h"

/* A token of HTTP, a colon, and a value without control characters. */
static bool is_header(const char *line)
{
	size_t n = strspn(
		line,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

	if (n == 0 || line[n] != ':' || !line[n + 1 + strspn(line + n + 1, " \t")])
		return false;
	for (const char *p = line; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

static int read_lines(char *text, int (*fn)(const char *line, void *arg), void *arg)
{
	char *rest = NULL;
	int r = 0;

	for (char *line = strtok_r(text, "\n", &rest); line && r == 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		size_t len = strlen(line);

		if (len > 0 && line[len - 1] == '\r')
			line[--len] = '\0';
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		r = !is_header(line) ? SINK_HEADERS_E_SYNTAX : fn ? fn(line, arg) : 0;
	}
	return r;
}

int sink_headers_read(const char *path, int (*fn)(const char *line, void *arg), void *arg)
{
	char *text = malloc(SECRET_FILE_MAX);
	int r;

	if (!text)
		return -ENOMEM;
	r = secret_file_read(path, text);
	if (r == 0)
		r = read_lines(text, fn, arg);
	explicit_bzero(text, SECRET_FILE_MAX);
	free(text);
	return r;
}
