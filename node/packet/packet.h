#ifndef WEIR_NODE_PACKET_H
#define WEIR_NODE_PACKET_H
/*
 * One packet of log messages, from the first byte of its body to its fate. It is in one place at a
 * time: its connection (while it is read), the router's queue, a lane's queue, or a batch.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json/json_scan.h"
#include "node/packet/memory.h"
#include "registry/roster.h"

struct exchange;
struct packet_form;
struct spilled;
struct suspicion;

#define SLOT_NONE UINT16_MAX

struct packet {
	struct packet *next;       /* in the queue it is in */
	struct exchange *exchange; /* who waits for its fate; NULL: nobody any more */
	uint64_t received_us;      /* when its body was whole */
	uint64_t waiting_us; /* since when it waits for Redis to choose, is parked, or a suspect */
	struct packet *prev_due, *next_due; /* as spill_hold.h says */
	struct spilled *spilled; /* it is in the spill too, under this entry; NULL: it is not */
	char *id;  /* owned: its own without escapes; NULL: it has none, or nobody asked */
	char *via; /* owned: pools that it has been in before, as Weir-Pool; NULL: none */
	struct packet_form *form;    /* owned: how it came; NULL: as plain JSON, at /ingest */
	struct suspicion *suspicion; /* owned, as suspicion.h says; NULL: there is none */
	uint64_t *tried;             /* bits by slot: where it failed; NULL: nowhere yet */
	uint32_t n_messages;
	uint32_t n_done;     /* messages that are delivered already, and not in n_messages */
	uint32_t n_attempts; /* deliveries begun */
	uint8_t n_hops;      /* deliveries between nodes, before this one */
	uint8_t n_loops; /* analyzers that have refused it as going in a circle, this time round */
	uint8_t hold_state; /* enum hold_state */
	bool is_hold_due;   /* it is stored without waiting for its deadline */
	bool is_hold_seen;  /* where it goes was looked at */
	uint8_t hold_index; /* in the batch that is being stored */
	uint8_t hold_size;  /* enum spill_size: whose deadlines it is among, also when it shrinks */
	uint16_t slot;      /* where it is routed to, or SLOT_NONE */
	size_t len;         /* bytes of body so far */
	size_t capacity;    /* bytes of body there is room for, padding not counted */
	char body[];        /* as it came, unpacked, and json_count_padding bytes more */
};

#define PACKET_FIRST_BYTES                                                                         \
	(64u << 10) /* a body grows from here; a claimed length alone costs nothing */

/* Room for min(expected, PACKET_FIRST_BYTES). NULL: out of memory. */
struct packet *packet_new(size_t expected_bytes);
void packet_free(struct packet *p);
/* As if it had just come: what is known of its deliveries is forgotten. */
void packet_renew(struct packet *p);
/* n_done of its messages were delivered; others are left. */
void packet_note_done(struct packet *p, uint32_t n_done);
/* For packet.c alone: packet_form.h says what it is, and of what the memory is charged. */
void packet_free_form(struct packet_form *form);
size_t packet_form_cost(const struct packet_form *form);
bool packet_form_is_json(const struct packet_form *form);
/* More room; *pp may move, so only its reader may hold it. max_bytes: of the body. -ENOMEM. */
int packet_reserve(struct packet **pp, size_t n_more, size_t max_bytes) MUST_CHECK;

/*
 * The same, charged to the memory of the node: the body, which leaves from where it is, and what
 * belongs to it. NULL, -ENOMEM: also when that memory is used up.
 */
struct packet *packet_new_within(struct memory *m, size_t expected_bytes);
void packet_free_within(struct memory *m, struct packet *p);
/* -ENOMEM: the packet is as it was, or larger. */
int packet_reserve_within(struct memory *m, struct packet **pp, size_t n_more,
			  size_t max_bytes) MUST_CHECK;
#define PACKET_QUOTE_BYTES 300 /* of what an analyzer said of it */
#define PACKET_OFTEN_TRIED 3   /* attempts; then it may be at fault itself, and goes alone */

/* The memory that is charged for a packet of this size. */
size_t packet_cost(size_t body_bytes);

#define PACKET_MEDIA_TYPE "application/json"
/* Its own, as json_packet.h says, with its escapes read; borrowed from the packet, len 0: it has none.
 * A packet that did not come as JSON has none. */
struct json_slice packet_id(struct packet *p);
/* When its body was whole, in ms of Unix time. */
uint64_t packet_received_ms(const struct packet *p);

/* Copies the text; len 0: none. */
int packet_set_via(struct packet *p, const char *via, size_t len) MUST_CHECK; /* -ENOMEM */
/* The same for a packet out of the spill: takes `via` (NULL: none), and counts the pools in it. */
void packet_give_via(struct packet *p, char *via);
/* The text is the same, or neither has any. */
bool packet_has_same_via(const struct packet *a, const struct packet *b);
/* They have been in the same pools, so they may share a delivery. Most have been in none. */
static inline bool packet_came_same_way(const struct packet *a, const struct packet *b)
{
	return a->n_hops == b->n_hops && (a->via == b->via || packet_has_same_via(a, b));
}

int packet_mark_tried(struct packet *p, unsigned slot) MUST_CHECK; /* -ENOMEM */
void packet_forget_tried(struct packet *p);
bool packet_was_tried(const struct packet *p, unsigned slot);

/* First in, first out. */
struct packet_queue {
	struct packet *head, **tailp;
	unsigned n_packets;
	size_t n_bytes;
};

void packet_queue_init(struct packet_queue *q);
void packet_queue_push(struct packet_queue *q, struct packet *p); /* takes */
struct packet *packet_queue_pop(struct packet_queue *q);          /* NULL: empty; gives */

#endif
