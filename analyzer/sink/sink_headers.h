#ifndef WEIR_ANALYZER_SINK_HEADERS_H
#define WEIR_ANALYZER_SINK_HEADERS_H
/*
 * A file of header fields for requests to the sink, one "Name: value" a line. Empty lines and those that
 * begin with # are skipped. It may hold a password, so its lines are never shown.
 */
#include "common/err.h"

#define SINK_HEADERS_E_SYNTAX 1

/* fn may be NULL; what it returns but 0 ends the reading. Negative errno: the file cannot be read. */
int sink_headers_read(const char *path, int (*fn)(const char *line, void *arg),
		      void *arg) MUST_CHECK;

#endif
