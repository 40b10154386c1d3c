#include "common/http/http_field.h"

#include <string.h>

#include "common/http/http_text.h"

static const char *skip_line(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	return lf ? lf + 1 : end;
}

void http_fields_begin(struct http_fields *f, const char *section, size_t len)
{
	*f = (struct http_fields){ section, section + len };
	while (f->end - f->at >= 2 && memcmp(f->at, "\r\n", 2) == 0)
		f->at += 2;
	f->at = skip_line(f->at, f->end);
}

bool http_fields_next(struct http_fields *f, struct http_slice *name, struct http_slice *value)
{
	const char *line = f->at, *colon, *next;

	if (line == f->end || *line == '\r')
		return false;
	next = skip_line(line, f->end);
	colon = memchr(line, ':', (size_t)(next - line));
	if (!colon || next - line < 2)
		return false;
	*name = (struct http_slice){ line, (size_t)(colon - line) };
	*value = http_trim(colon + 1, next - 2);
	f->at = next;
	return true;
}
