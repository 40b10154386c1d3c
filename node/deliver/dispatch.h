#ifndef WEIR_NODE_DISPATCH_H
#define WEIR_NODE_DISPATCH_H
/*
 * The lanes of one worker, by slot, and which of them can take a packet now.
 */
#include <event2/event.h>

#include "node/deliver/lane.h"

/* slot: SLOT_NONE where the analyzer left, and another one has its slot. */
struct dispatch_events {
	void (*on_delivered)(void *arg, unsigned slot, const char *analyzer, struct packet *p);
	void (*on_part_delivered)(void *arg, unsigned slot, uint32_t n_messages);
	void (*on_taken_back)(void *arg, unsigned slot, struct packet *p,
			      enum reroute_reason reason, bool tried);
	void (*on_bad)(void *arg, unsigned slot, const char *analyzer, struct packet *p,
		       int status);
	void *arg;
};

struct dispatch {
	struct lane_config lane_config;
	struct dispatch_events events;
	struct event *tick;
	bool is_ticking;
	bool is_ended; /* nothing is delivered any more */
	unsigned n_slots;
	unsigned n_reachable;           /* of reach */
	bool reach[ROSTER_MAX_SLOTS];   /* what the ledger chooses among */
	bool cut_off[ROSTER_MAX_SLOTS]; /* what the registry is told to be out of reach */
	bool trial[ROSTER_MAX_SLOTS];   /* what it is told to be tried again */
	struct lane *lanes[ROSTER_MAX_SLOTS];
	struct lane *left;            /* whose analyzers left, with batches still under way */
	bool dirty[ROSTER_MAX_SLOTS]; /* lanes that may have something to send */
	unsigned dirty_slots[ROSTER_MAX_SLOTS];
	unsigned n_dirty;
};

int dispatch_init(struct dispatch *d, struct event_base *base,
		  const struct lane_config *lane_config,
		  const struct dispatch_events *events) MUST_CHECK;
/* The node ends: no slot is in reach any more, and packets that are queued are taken back. Those under way
 * are when the sender is freed, which is due now. */
void dispatch_end(struct dispatch *d);
/* After dispatch_end and the end of the sender: no packet is here any more. */
void dispatch_deinit(struct dispatch *d);

/* moved as for ledger_set_shares. */
void dispatch_set_roster(struct dispatch *d, const struct roster *roster, const int *moved);
/* Bits by slot: the node's health probe says that nobody is there. */
void dispatch_set_probes(struct dispatch *d, const uint64_t *down_bits);

/* Takes the packet; reach[slot] must be true. */
void dispatch_push(struct dispatch *d, unsigned slot, struct packet *p);
/* Bits of reach, of the analyzers that nothing is held against; for a suspect, and where no packet is that may be
 * poison. False: there are none. */
bool dispatch_find_well(const struct dispatch *d, bool for_suspect, bool well[ROSTER_MAX_SLOTS]);
/* At the end of each turn of the loop. */
void dispatch_flush(struct dispatch *d);
unsigned dispatch_n_packets(const struct dispatch *d);
/* Slots that cannot take a packet now, as "1,4"; those out of this worker's reach, as "1,~4,!7",
 * where ~ means that it is tried again, and ! that it takes deliveries and does not answer. */
void dispatch_write_not_now(const struct dispatch *d, struct buf *out);
void dispatch_write_unreachable(const struct dispatch *d, struct buf *out);
/* Slots that get less than their share, so that their latency stays below the limit, as "1,4". */
void dispatch_write_slow(const struct dispatch *d, struct buf *out);

#endif
