#ifndef WEIR_ANALYZER_SINK_KIND_H
#define WEIR_ANALYZER_SINK_KIND_H
/*
 * What a kind of sink consists of: how a message is written, and what carries it. Inside of this wing.
 */
#include <stdbool.h>

#include "analyzer/message/document.h"
#include "analyzer/sink/items.h"
#include "analyzer/sink/sink_counters.h"
#include "analyzer/sink/sink_options.h"

/* One message, and where it stands. */
struct sink_message {
	const struct message *message;
	const struct origin *origin;
	const char *key; /* of this packet's bytes, where it has an id; "": it has none */
	size_t number;   /* of the message in its packet */
};

/* As SINK_E_AWAY; the connection stood until the time was over, and may still stand. */
#define CARRIER_E_SLOW 5

/* The way to a server. One thread at a time. */
struct carrier_ops {
	/* NULL: out of memory */
	void *(*open)(const struct sink_options *options, struct sink_counters *counters);
	void (*close)(void *carrier);
	/* Tries each pending item once, until the time (clock_mono_us). 0: none of them is pending any more.
	 * SINK_E_AWAY, SINK_E_TOO_LARGE, CARRIER_E_SLOW, -ENOMEM. */
	int (*send)(void *carrier, struct items *items, uint64_t until_us);
	/* What was sent may still come back: whether the connection stands. NULL: it acknowledges. */
	bool (*is_alive)(void *carrier);
};

struct sink_kind {
	/* Appends an item. 0, SINK_E_TOO_LARGE, -ENOMEM (or out->failed). NULL: packets go as they are. */
	int (*write)(const struct sink_message *m, struct buf *out);
	const struct carrier_ops *carrier;
};

extern const struct carrier_ops carrier_http, carrier_datagram, carrier_stream;

int gelf_write(const struct sink_message *m, struct buf *out);
int gelf_write_datagram(const struct sink_message *m, struct buf *out);
int gelf_write_stream(const struct sink_message *m, struct buf *out);
int bulk_write(const struct sink_message *m, struct buf *out);
int loki_write(const struct sink_message *m, struct buf *out);
int otlp_write(const struct sink_message *m, struct buf *out);
int lines_write(const struct sink_message *m, struct buf *out);

#endif
