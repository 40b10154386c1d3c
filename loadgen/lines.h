#ifndef WEIR_LOADGEN_LINES_H
#define WEIR_LOADGEN_LINES_H
/*
 * The lines of a file, over and over, or of a pipe, once. Never waits for a pipe: a slow writer
 * must not stall the schedule. Empty lines are skipped, a CR before the LF is cut, a line longer
 * than LINES_MAX_BYTES comes in pieces.
 */
#include "common/err.h"

#define LINES_MAX_BYTES (256 * 1024)

#define LINES_E_END 1   /* no more lines (a pipe), or a file without any */
#define LINES_E_LATER 2 /* none yet: the writer has not written it */

struct lines;

/* "-": standard input. *linesp is the caller's. Negative errno: the file cannot be opened. */
int lines_new(struct lines **linesp, const char *path) MUST_CHECK;
struct lines *lines_free(struct lines *lines);
DEFINE_CLEANUP(struct lines, lines_free)

/* *linep is borrowed until the next call. */
int lines_next(struct lines *lines, const char **linep, size_t *lenp) MUST_CHECK;

#endif
