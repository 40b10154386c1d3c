#ifndef WEIR_ANALYZER_SINK_H
#define WEIR_ANALYZER_SINK_H
/*
 * Where an analyzer's messages go on to. There is one `sinks` for the process, and a `sink` for each
 * thread, with a connection of its own:
 *
 *   packet -> messages -> items -> the sink's server                 -> taken: the delivery is acknowledged
 *                           \----> the outbox, for UDP and TCP       -> stored: the same
 *                            \---> refused or away: the delivery is answered 4xx or 503, and Weir keeps it
 *
 * All of one delivery is sent within one time limit. Items that were refused for now are tried again
 * in it.
 */
#include <stddef.h>
#include <stdint.h>

#include "analyzer/message/document.h"
#include "analyzer/sink/sink_counters.h"
#include "analyzer/sink/sink_options.h"
#include "common/err.h"

struct sinks;
struct sink;

/* Opens file and outbox. Borrows what the options point to. Negative errno, logged. */
int sinks_new(const struct sink_options *options, struct sinks **sinksp) MUST_CHECK;
/* Sends what waits in the outbox, for at most this long, and lets the rest lie: then nothing is sent from there any more. */
void sinks_drain(struct sinks *sinks, uint64_t timeout_ms);
void sinks_free(struct sinks *sinks);
const struct sink_counters *sinks_counters(const struct sinks *sinks);

/* Borrows sinks. NULL: out of memory. */
struct sink *sink_new(struct sinks *sinks);
void sink_free(struct sink *sink);

/* One delivery: begin, each packet, end. 0, SINK_E_*, -ENOMEM. After a failure it is over. */
void sink_begin(struct sink *sink, const struct origin *origin);
int sink_add(struct sink *sink, const char *packet, size_t len, const char *id,
	     size_t id_len) MUST_CHECK;
int sink_end(struct sink *sink) MUST_CHECK;

#endif
