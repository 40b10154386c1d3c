#ifndef WEIR_ANALYZER_RECORD_H
#define WEIR_ANALYZER_RECORD_H
/*
 * The file that every processed packet is appended to, a line each: whole batches or nothing.
 */
#include <stddef.h>

#include "common/err.h"

struct record;

/* Creates the file if need be. Negative errno on failure. */
int record_open(const char *path, struct record **recordp) MUST_CHECK;
void record_close(struct record *record);

/* Appends whole lines; any thread. After a failure (negative errno) a regular file is as it was. */
int record_append(struct record *record, const char *lines, size_t len) MUST_CHECK;

#endif
