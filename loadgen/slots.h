#ifndef WEIR_LOADGEN_SLOTS_H
#define WEIR_LOADGEN_SLOTS_H
/*
 * The connections of a run, and the packet that each has in flight. Targets take turns, and a
 * target without a free connection is passed over: a stalled one must not hold up the others.
 * Within a target the longest idle connection is next, so that all take part (behind a balancer
 * each may lead to another node).
 */
#include <sys/queue.h>

#include "loadgen/packet.h"

struct slot;
TAILQ_HEAD(slot_list, slot);

/* The packet is the callee's again; its `result` says what became of this attempt. */
typedef void (*slots_done_fn)(void *arg, struct packet *packet);

struct slots {
	struct slot *slots;
	uint32_t n_slots;
	uint32_t n_in_flight;
	struct slot_list *free; /* by target */
	size_t n_targets, next_target;
	slots_done_fn done_fn;
	void *arg;
};

/* At least one connection for each target. Borrows all it is given; release with slots_deinit,
 * whatever it returned. */
int slots_init(struct slots *s, struct event_base *base, const struct target *targets,
	       size_t n_targets, uint32_t n_connections, struct client_counts *counts,
	       slots_done_fn done_fn, void *arg) MUST_CHECK;
/* No packet may be in flight. */
void slots_deinit(struct slots *s);

/* The connection whose turn it is; NULL: none is free. */
struct slot *slots_pick(struct slots *s);
/* Takes the packet until done_fn, which never runs from inside. `slot` is from slots_pick. */
void slots_send(struct slots *s, struct slot *slot, struct packet *packet, uint64_t now_us);
/* See client_sweep. */
void slots_sweep(struct slots *s, uint64_t now_us, uint64_t timeout_us);
/* Ends all that is in flight, by done_fn. */
void slots_abort(struct slots *s);

#endif
