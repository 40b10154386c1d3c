#ifndef WEIR_NODE_ANSWERS_H
#define WEIR_NODE_ANSWERS_H
/*
 * What log servers say in a 2xx answer about a packet that they got as its request came: per item
 * (Elasticsearch and OpenSearch), by a code (Splunk), or by a number of records (OTLP). Pure. All
 * bytes are foreign.
 */
#include <stdint.h>

#include "common/format/format.h"
#include "common/json/json_scan.h"
#include "node/deliver/results.h"

/* How many bytes of an answer are read for a packet; 0: the format has no such answers. */
size_t answers_max_bytes(enum format_id format, uint32_t n_messages);

/*
 * Fills a result for each of the n operations of a _bulk. RESULTS_E_NONE: it tells of no errors.
 * RESULTS_E_MISFIT: it tells of errors and not of which operations, or cannot be read. *n_readp: how many of
 * the first operations have a result all the same, as where the text is cut off.
 */
int answers_read_bulk(const char *text, size_t len, struct result *items, unsigned n,
		      unsigned *n_readp) MUST_CHECK;
/* The HTTP status that says the same as the code of Splunk; 200: all is well, or there is none. */
int answers_read_hec(const char *text, size_t len);
/* How many records were refused, and why. `reason` is borrowed from the answer; len 0: not said. */
uint64_t answers_read_otlp(enum format_id format, const char *data, size_t len,
			   struct json_slice *reason);

#endif
