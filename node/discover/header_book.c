#include "node/discover/header_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/http/header_lines.h"
#include "registry/roster.h"

/* NULL, or why the text is no "ID=Name: value". */
static const char *split(const char *line, struct http_slice *name, struct http_slice *value)
{
	const char *mark = strchr(line, '=');
	size_t len = mark ? (size_t)(mark - line) : 0;
	char id[ANALYZER_ID_MAX + 1] = "";

	static_assert(ANALYZER_ID_MAX == 64, "as the text below says");
	if (!mark || len > ANALYZER_ID_MAX)
		return "a header of an analyzer is written as ID=Name: value";
	memcpy(id, line, len);
	if (len > 0 && id[len - 1] == '*')
		id[len - 1] = '\0';
	else if (len == 0)
		return "a header of an analyzer begins with an id";
	if (id[0] && !roster_is_id(id))
		return "an id is 1 to 64 of A-Z a-z 0-9 . _ -, and may end in *";
	return header_lines_split(mark + 1, strlen(mark + 1), name, value);
}

const char *header_book_check(const struct conf_list *lines)
{
	struct http_slice name, value;
	const char *why = NULL;

	for (size_t i = 0; i < lines->n_values && !why; i++)
		why = split(lines->values[i], &name, &value);
	return why;
}

bool header_book_is_for(const char *line, const char *id)
{
	size_t len = strcspn(line, "=");

	if (len > 0 && line[len - 1] == '*')
		return strncmp(line, id, len - 1) == 0;
	return strlen(id) == len && memcmp(line, id, len) == 0;
}

void header_book_init(struct header_book *b)
{
	*b = (struct header_book){ 0 };
	pthread_mutex_init(&b->lock, NULL);
}

static void free_lines(char **lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
}

void header_book_deinit(struct header_book *b)
{
	free_lines(b->lines, b->n_lines);
	pthread_mutex_destroy(&b->lock);
}

static bool is_same(const struct header_book *b, const struct conf_list *lines)
{
	if (b->n_lines != lines->n_values)
		return false;
	for (size_t i = 0; i < b->n_lines; i++)
		if (strcmp(b->lines[i], lines->values[i]) != 0)
			return false;
	return true;
}

int header_book_set(struct header_book *b, const struct conf_list *lines)
{
	char **copies = calloc(lines->n_values + 1, sizeof(*copies));
	char **old;
	size_t n = 0, n_old;

	while (copies && n < lines->n_values && (copies[n] = strdup(lines->values[n])))
		n++;
	if (!copies || n < lines->n_values) {
		free_lines(copies, n);
		return -ENOMEM;
	}
	pthread_mutex_lock(&b->lock);
	b->version += !is_same(b, lines);
	old = b->lines;
	n_old = b->n_lines;
	b->lines = copies;
	b->n_lines = n;
	pthread_mutex_unlock(&b->lock);
	free_lines(old, n_old);
	return 0;
}

const char *header_book_add(struct header_book *b, const char *id, struct buf *out)
{
	const char *why = NULL;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n_lines && !why; i++) {
		struct http_slice name, value;

		if (!header_book_is_for(b->lines[i], id))
			continue;
		why = split(b->lines[i], &name, &value);
		if (!why)
			why = header_lines_set(out, name, value);
	}
	pthread_mutex_unlock(&b->lock);
	return why;
}

bool header_book_is_empty(struct header_book *b)
{
	bool is_empty;

	pthread_mutex_lock(&b->lock);
	is_empty = b->n_lines == 0;
	pthread_mutex_unlock(&b->lock);
	return is_empty;
}

unsigned header_book_version(struct header_book *b)
{
	unsigned version;

	pthread_mutex_lock(&b->lock);
	version = b->version;
	pthread_mutex_unlock(&b->lock);
	return version;
}
