#ifndef WEIR_ANALYZER_SINK_H
#define WEIR_ANALYZER_SINK_H
/*
 * Hands batches on to another HTTP server as NDJSON. One sink per thread: each has a connection.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define SINK_E_FAILED 1 /* no answer in time, or not 2xx; the reason is logged */

struct sink;

/* Borrows `url` for its life. NULL: out of memory. */
struct sink *sink_new(const char *url, uint64_t timeout_ms);
void sink_free(struct sink *sink);

int sink_send(struct sink *sink, const char *lines, size_t len) MUST_CHECK;

#endif
