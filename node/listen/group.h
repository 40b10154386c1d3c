#ifndef WEIR_NODE_GROUP_H
#define WEIR_NODE_GROUP_H
/*
 * The messages of a source are gathered into packets: up to 64 KiB, 1000 messages or 40 ms.
 */
#include "node/listen/parcel.h"
#include "node/listen/source.h"

#define GROUP_E_LONG 1 /* as JSON it is larger than max-body */

struct group_part {
	const char *data;
	size_t len;
};

/* Adds the parts behind each other to the group. Else none of them: -ENOMEM, GROUP_E_LONG. */
int group_add(struct source *source, const struct group_part *parts, unsigned n_parts,
	      uint64_t n_messages) MUST_CHECK;
/* The same as a packet of its own, which the caller sends. `chunk`: whose sender wants to be told; may
 * be NULL. */
int group_make_alone(struct source *source, const struct group_part *part, uint64_t n_messages,
		     struct parcel_chunk *chunk, struct parcel **parcelp) MUST_CHECK;
void group_flush(struct source *source);
void group_flush_all(struct listen_shared *s);
/* The node ends: what was gathered is lost, and counted. */
void group_lose_all(struct listen_shared *s);
/* Of the event group_timer. */
void group_on_timer(evutil_socket_t fd, short what, void *arg);

#endif
