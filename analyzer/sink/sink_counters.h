#ifndef WEIR_ANALYZER_SINK_COUNTERS_H
#define WEIR_ANALYZER_SINK_COUNTERS_H
/*
 * What became of messages on their way to the sink. Any thread.
 */
#include <stdatomic.h>
#include <stdint.h>

enum sink_drop {
	SINK_DROP_REJECTED, /* the sink took a request, and dropped messages of it (OTLP's partial success) */
	SINK_DROP_BROKEN, /* the outbox held a message that could not be read */
	SINK_DROPS
};

struct sink_counters {
	_Atomic uint64_t sent;    /* messages that the sink took; UDP and TCP: that went out */
	_Atomic uint64_t retried; /* messages that were sent once more */
	_Atomic uint64_t dropped[SINK_DROPS];
	_Atomic uint64_t failures;                      /* requests or connections that failed */
	_Atomic uint64_t outbox_messages, outbox_bytes; /* that wait now */
};

extern const char *const sink_drop_names[SINK_DROPS];

#endif
