#ifndef WEIR_REGISTRY_CTL_LINE_H
#define WEIR_REGISTRY_CTL_LINE_H
/*
 * One line of a screen, written from left to right and cut at its width. What is not printable
 * ASCII becomes '?', so that no text from elsewhere can steer the terminal.
 */
#include <stdbool.h>

#include "common/buf.h"

enum ctl_style { STYLE_PLAIN, STYLE_STRONG, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_ALARM };

struct ctl_line {
	struct buf *out; /* borrowed */
	bool colour;     /* styles are written; they never say what the text does not */
	unsigned column, columns;
};

void ctl_line_put(struct ctl_line *line, enum ctl_style style, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Blanks up to a column. */
void ctl_line_pad(struct ctl_line *line, unsigned column);
/* The text ends at the right edge, and stays away if it has no room. */
void ctl_line_right(struct ctl_line *line, const char *text);
void ctl_line_end(struct ctl_line *line);

#endif
