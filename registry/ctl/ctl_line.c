#include "registry/ctl/ctl_line.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 512

static const char *const codes[] = { "", "\033[1m", "\033[32m", "\033[33m", "\033[31m", "\033[7m" };
static_assert(ARRAY_LEN(codes) == STYLE_ALARM + 1, "every style has a code");

void ctl_line_put(struct ctl_line *line, enum ctl_style style, const char *fmt, ...)
{
	char text[TEXT_MAX] = "";
	size_t len, room = line->columns - line->column;
	bool is_styled = line->colour && style != STYLE_PLAIN;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strnlen(text, room);
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	if (len == 0)
		return;
	if (is_styled)
		buf_append_str(line->out, codes[style]);
	buf_append(line->out, text, len);
	if (is_styled)
		buf_append_str(line->out, "\033[0m");
	line->column += (unsigned)len;
}

void ctl_line_pad(struct ctl_line *line, unsigned column)
{
	if (column > line->column)
		ctl_line_put(line, STYLE_PLAIN, "%*s", (int)(column - line->column), "");
}

void ctl_line_right(struct ctl_line *line, const char *text)
{
	size_t len = strlen(text);

	if (line->column + len > line->columns)
		return;
	ctl_line_pad(line, line->columns - (unsigned)len);
	ctl_line_put(line, STYLE_PLAIN, "%s", text);
}

void ctl_line_end(struct ctl_line *line)
{
	buf_append_str(line->out, "\n");
	line->column = 0;
}
