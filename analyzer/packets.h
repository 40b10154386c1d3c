#ifndef WEIR_ANALYZER_PACKETS_H
#define WEIR_ANALYZER_PACKETS_H
/*
 * Splits the body of a delivery into packets and counts their messages, as
 * common/json/json_packet.h says what a packet is. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/dedupe.h"
#include "common/buf.h"
#include "common/err.h"

#define PACKETS_E_SYNTAX 1 /* not one JSON text in UTF-8 */
#define PACKETS_E_SCALAR 2 /* a packet is neither an object nor an array */
#define PACKETS_E_EMPTY 3  /* a packet without messages, or a batch without packets */
#define PACKETS_E_BATCH 4  /* a batch is not an array */

struct packet {
	const char *data; /* raw JSON without the white space around it; borrowed from the body */
	size_t len;
	const char *id;        /* of the top-level field "id", as written between its quotes */
	size_t id_len;         /* 0: no id */
	uint64_t n_messages;   /* at least 1 */
	struct dedupe_key key; /* set by the intake where there is an id */
	bool is_duplicate; /* set by the intake: processed before, to be acknowledged and left out
			    */
};

/* Zeroed: empty. */
struct packets {
	struct packet *items; /* owned */
	size_t n_items;
	size_t capacity;
};

void packets_deinit(struct packets *packets); /* empty and usable after */
/* Empties it, and lets go of what a giant batch needed. */
void packets_clear(struct packets *packets);

/* Replaces the content of `packets`: of a batch, an array of packets, or of one packet.
 * 0, PACKETS_E_*, or -ENOMEM. */
int packets_split(struct packets *packets, const char *body, size_t len, bool is_batch) MUST_CHECK;

/* One packet more: a whole text, which is no batch. 0, PACKETS_E_*, or -ENOMEM. */
int packets_add(struct packets *packets, const char *body, size_t len) MUST_CHECK;

/* Appends the packets that are no duplicates, one a line; line ends inside a packet, which can only
 * be white space between tokens, become spaces. */
void packets_write_lines(const struct packets *packets, struct buf *lines);

#endif
