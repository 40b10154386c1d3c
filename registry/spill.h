#ifndef WEIR_REGISTRY_SPILL_H
#define WEIR_REGISTRY_SPILL_H
/*
 * The calls of the spill, the stream of packets that no analyzer could take, as lua/spill_push,
 * spill_take and spill_done define them: arguments and answers.
 *
 * Requests hold their arguments, and what these point to: they stay where they are, unchanged,
 * until the call is formatted.
 */
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "registry/scripts.h"

#define SPILL_PUSH_MAX 64       /* packets in one call of spill_push */
#define SPILL_DONE_MAX 256      /* entries in one call of spill_done */
#define SPILL_ENTRY_NAME_MAX 48 /* an entry's name, with its end: two 64-bit numbers and a dash */

/* What weighs more in the spill than this goes by a connection of its own. */
#define SPILL_LARGE_BYTES (64u << 10)

#define SPILL_GROUP "nodes" /* as in lua/lib/spill.lua */

#define SPILL_E_ANSWER                                                                             \
	1 /* no answer, or none that can be understood: not known whether the script ran */

/* A packet on its way into the spill; what it points to is borrowed until the call is formatted. */
struct spill_packet {
	const char *id;   /* its own */
	size_t id_len;    /* 0: it has none */
	const char *form; /* how it came: lines, as lua/lib/form.lua says */
	uint32_t n_messages;
	uint64_t received_ms; /* Unix time */
	unsigned
		n_failures; /* of its deliveries, as far as they count: see node/packet/suspicion.h */
	const char *via;    /* pools that it has been in before: a string; NULL: none */
	const char *body;
	size_t len;
};

struct spill_push {
	struct script_args args; /* for SCRIPT_SPILL_PUSH */
	unsigned n;              /* packets so far */
	bool is_held;
	struct iovec more[7 * SPILL_PUSH_MAX + 3];
	char numbers[SPILL_PUSH_MAX][3][24];
	char number[24]; /* of the call */
};

struct spill_pushed {
	unsigned n_stored; /* the first ones of those that were given */
	bool is_full;      /* the others were not stored */
	uint64_t bytes;    /* in the spill now */
	const redisReply *reply;
};

/* node is borrowed. */
void spill_push_begin(struct spill_push *push, const char *node, uint64_t max_bytes);
/* There must be room: n < SPILL_PUSH_MAX. */
void spill_push_add(struct spill_push *push, const struct spill_packet *packet);
/* After the last packet: the worker (node/index) that delivers these packets already has them; no
 * other gets them while it lives. Borrowed. */
void spill_push_hold(struct spill_push *push, const char *holder);
/* After that: who calls, and the number of the call, by which it can be taken back. `who` is borrowed. */
void spill_push_number(struct spill_push *push, const char *who, uint64_t number);
int spill_push_answer(const redisReply *reply, struct spill_pushed *pushed) MUST_CHECK;
/* The entry of packet i, i < n_stored; borrowed from the reply. NULL: the
 * answer has no name for it. */
const char *spill_pushed_name(const struct spill_pushed *pushed, unsigned i);
/* Bytes that a packet counts for in the spill. */
uint64_t spill_packet_cost(const struct spill_packet *packet);

/* A packet out of the spill; borrowed from the reply. */
struct spill_entry {
	const char *name; /* of the entry, for spill_done_add; a string shorter than
			     SPILL_ENTRY_NAME_MAX */
	const char *id;
	size_t id_len;
	const char *form; /* a string, as in struct spill_packet */
	uint32_t n_messages;
	uint64_t received_ms;
	uint64_t cost_bytes; /* that it has in the spill */
	unsigned n_failures; /* as in struct spill_packet */
	const char *via;     /* the same; "": none */
	const char *body;
	size_t len; /* 0: it is a large one, and its body has to be fetched */
};

struct spill_taken {
	uint64_t n_in_spill; /* entries in the stream, those taken included */
	unsigned n;          /* entries answered */
	unsigned n_claimed;  /* the first ones of these: a dead worker had taken them */
	const redisReply *reply;
	unsigned n_read;
};

/* worker is borrowed. own: what it took before and has not done, in order; nothing else. */
void spill_take_args(struct script_args *args, const char *worker, unsigned max_packets,
		     uint64_t max_bytes, bool own);
/* The same as own, but for those behind the entry `after`, borrowed; "0": all. */
void spill_take_own_after(struct script_args *args, const char *worker, unsigned max_packets,
			  uint64_t max_bytes, const char *after);
/* Behind either: of packets that weigh more than this only the names are taken, without bodies. */
void spill_take_name_large(struct script_args *args, uint64_t cost_bytes);
int spill_take_answer(const redisReply *reply, struct spill_taken *taken) MUST_CHECK;
/* The next entry; false: there are no more. */
bool spill_taken_next(struct spill_taken *taken, struct spill_entry *entry);

struct spill_done {
	struct script_args args; /* for SCRIPT_SPILL_DONE */
	unsigned n;              /* entries so far */
	struct iovec more[3 * SPILL_DONE_MAX];
	char numbers[SPILL_DONE_MAX][2][24];
};

struct spill_left {
	unsigned n_removed; /* of those given: they were still there */
	uint64_t n_entries; /* left in the stream */
};

void spill_done_begin(struct spill_done *done);
/* There must be room: n < SPILL_DONE_MAX. name is borrowed. */
void spill_done_add(struct spill_done *done, const char *name, uint32_t n_messages,
		    uint64_t cost_bytes);
int spill_done_answer(const redisReply *reply, struct spill_left *left) MUST_CHECK;

#endif
