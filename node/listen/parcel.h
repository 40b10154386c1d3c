#ifndef WEIR_NODE_PARCEL_H
#define WEIR_NODE_PARCEL_H
/*
 * A packet that a listener made, from its first message to its fate.
 *
 *   open --full, or old enough--> in flight --delivered, spilled--> gone, its sender is told
 *                                    ^   |
 *                                    |   v refused
 *                                    +- again, after a while
 *
 * What was read is nowhere but here, so a packet that is refused is not given up while the node
 * lives. The exception is one whose sender waits for an acknowledgement and has gone: it sends again.
 */
#include "node/ingest/exchange.h"
#include "node/listen/listen_shared.h"

/* A chunk of the forward protocol. It may have become several parcels; its sender is told when the
 * last of them has its fate, and only if all were accepted. */
struct parcel_chunk {
	unsigned n_users; /* parcels, and whoever makes them */
	bool is_lost;     /* one of its parcels was not accepted */
	size_t len;
	char name[]; /* by which its sender knows it */
};

struct parcel_chunk *parcel_chunk_new(struct memory *memory,
				      const struct format_slice *name); /* NULL: no memory */
void parcel_chunk_put(struct memory *memory, struct parcel_chunk *chunk);

struct parcel {
	struct exchange exchange; /* by which the fate is told */
	struct listen_shared *shared;
	struct source *source;
	struct packet *packet; /* open or again; in flight: NULL */
	size_t n_bytes;        /* of its body; 0: it was not sent yet */
	size_t n_held; /* what it counts for the windows: the memory that it took when it was sent */
	size_t n_json;       /* open: of its JSON form, at most */
	uint64_t since_us;   /* it is open, or was refused */
	struct parcel *next; /* again */
	bool is_accepted;
	struct parcel_chunk *chunk; /* a reference; NULL: nobody wants to be told */
	/* Who waits for an acknowledgement; NULL: nobody, or it has gone. It is told once. */
	struct stream *stream;
	void (*on_end)(struct parcel *p, bool is_accepted);
	struct parcel *prev_of, *next_of; /* those of the same stream */
};

/* NULL: no memory. It takes a reference of its own to the chunk, which may be NULL. */
struct parcel *parcel_new(struct source *source, struct parcel_chunk *chunk);
/* It has its messages. Takes it; its fate may be known before the return. */
void parcel_send(struct parcel *p);
/* One that never was sent. */
void parcel_free(struct parcel *p);
/* Those that were refused some time ago are tried again. */
void parcel_try_again(struct listen_shared *s);
/* The node ends: one that nobody took is lost, and counted. */
void parcel_lose(struct parcel *p);
void parcel_lose_all(struct listen_shared *s);

#endif
