#ifndef WEIR_ANALYZER_DEDUPE_H
#define WEIR_ANALYZER_DEDUPE_H
/*
 * Remembers the last `window` packets by the hash of their id and the digest of their bytes, in
 * fixed memory (40 to 48 bytes a packet); the oldest is forgotten first. What a call costs does not
 * depend on the ids: many packets with one id are as fast as any. Pure, no lock.
 *
 * A packet is pending from dedupe_insert until dedupe_settle: it may still fail, so another copy of
 * it that arrives meanwhile is neither new nor yet a duplicate.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define DEDUPE_WINDOW_MAX 100000000

enum dedupe_verdict {
	DEDUPE_NEW,       /* not seen within the window */
	DEDUPE_CONFLICT,  /* new: its id was seen, with other bytes */
	DEDUPE_DUPLICATE, /* seen and kept */
	DEDUPE_PENDING    /* seen, and its fate is not known yet */
};

struct dedupe_key {
	uint64_t id;     /* hash of the packet id */
	uint64_t digest; /* of all bytes of the packet */
};

struct dedupe;

/* window: 1..DEDUPE_WINDOW_MAX packets. NULL: out of memory. */
struct dedupe *dedupe_new(size_t window);
void dedupe_free(struct dedupe *d);

/* Keys are salted per process, so nobody outside can choose packets that collide. */
struct dedupe_key dedupe_key(const struct dedupe *d, const void *id, size_t id_len,
			     const void *packet, size_t len);
enum dedupe_verdict dedupe_look(const struct dedupe *d, struct dedupe_key key);
/* Remembers a packet as pending, forgets the oldest if need be. Returns its number: one more than
 * that of the insert before. */
uint64_t dedupe_insert(struct dedupe *d, struct dedupe_key key);
/* The fate of the n packets from number `first`: kept, or forgotten as if never seen. */
void dedupe_settle(struct dedupe *d, uint64_t first, size_t n, bool keep);

#endif
