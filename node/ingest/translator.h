#ifndef WEIR_NODE_TRANSLATOR_H
#define WEIR_NODE_TRANSLATOR_H
/*
 * From the body that an agent sent to a packet: unpacks it, finds its format and counts its messages.
 * What is counted here can be written as JSON later on, within max_body_bytes: agents are refused at
 * once, or never. One for each worker.
 */
#include "node/http/refusal.h"
#include "node/ingest/request_form.h"
#include "node/packet/packet.h"

struct translator_config {
	struct memory *memory;   /* borrowed */
	uint64_t max_body_bytes; /* unpacked, and as JSON too */
	uint32_t formats;        /* bits by enum format_id: what is taken; 0: all of them */
};

/* What became of a body. */
struct translation {
	enum format_id format;
	uint64_t n_before; /* refused: messages that were read before the fault */
	bool is_empty;     /* there are no messages, which this format calls a success */
	char *items;       /* of _bulk: the answer to each action; the caller's to free */
	size_t n_items_bytes;
	size_t n_items_charged; /* to the memory, for as long as they are there */
};

struct translator;
struct translator *translator_new(const struct translator_config *config); /* NULL: no memory */
void translator_free(struct translator *t);

/* *pp becomes a packet with its bytes unpacked and its messages counted; it may move. */
enum refusal translator_read(struct translator *t, struct packet **pp,
			     const struct request_form *form, struct translation *result);

#endif
