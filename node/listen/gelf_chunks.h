#ifndef WEIR_NODE_GELF_CHUNKS_H
#define WEIR_NODE_GELF_CHUNKS_H
/*
 * GELF messages that come in several datagrams, in any order: 1e 0f, 8 bytes of an id, the number of
 * the chunk, and how many there are, at most 128. Those of a message must come within 5 s. The
 * memory is bounded: where a chunk finds no room, the oldest message is given up.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/net.h"
#include "node/packet/memory.h"

#define GELF_CHUNKS_MOST 128
#define GELF_CHUNK_US 5000000
#define GELF_MESSAGES_MOST 512 /* that are incomplete */

enum gelf_chunk_result {
	GELF_CHUNK_KEPT, /* or it had come before */
	GELF_CHUNK_WHOLE,
	GELF_CHUNK_BAD,
	GELF_CHUNK_LONG,   /* the message is too long: it is given up */
	GELF_CHUNK_NO_ROOM /* no memory */
};

struct gelf_whole {
	char *data; /* owned */
	size_t len;
};

struct gelf_message;

struct gelf_chunks {
	struct memory *memory;             /* borrowed */
	size_t max_bytes;                  /* of a message */
	size_t most_bytes;                 /* of all that are incomplete */
	struct gelf_message *first, *last; /* oldest first */
	unsigned n_messages;
	size_t n_bytes;
	uint64_t n_given_up; /* messages, since the caller set it to 0 */
};

void gelf_chunks_init(struct gelf_chunks *c, struct memory *memory, size_t max_bytes,
		      size_t most_bytes);
void gelf_chunks_deinit(struct gelf_chunks *c);

bool gelf_chunk_is_one(const char *data, size_t len);
/* WHOLE: the caller frees it. */
enum gelf_chunk_result gelf_chunks_add(struct gelf_chunks *c, const struct net_addr *peer,
				       const char *data, size_t len, uint64_t now_us,
				       struct gelf_whole *whole);
void gelf_whole_free(struct gelf_chunks *c, struct gelf_whole *whole);
/* Gives up those that are too old. */
void gelf_chunks_sweep(struct gelf_chunks *c, uint64_t now_us);

#endif
