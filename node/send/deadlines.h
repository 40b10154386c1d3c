#ifndef WEIR_NODE_DEADLINES_H
#define WEIR_NODE_DEADLINES_H
/*
 * Transfers in the order of their deadlines, and the one timer that serves them all: it is armed
 * for the first one, so with timeouts of seconds it fires once in seconds, however many transfers
 * come and go.
 */
#include <event2/event.h>
#include <event2/event_struct.h>

#include "node/send/transfer.h"

#define DEADLINES_SWEEP_US 10000 /* between two sweeps, at least */
#define DEADLINE_NEVER UINT64_MAX

struct deadlines {
	struct transfer_list list; /* earliest first */
	struct event timer;
	uint64_t armed_us; /* when it fires; DEADLINE_NEVER: it does not */
	/* It must give it a later deadline, or remove it. */
	void (*on_due)(void *arg, struct transfer *t, uint64_t now_us);
	/* After those: sees to what else is due, and says when to call again. */
	uint64_t (*on_sweep)(void *arg, uint64_t now_us);
	void *arg;
};

/* The callbacks and arg are set by the owner. */
void deadlines_init(struct deadlines *d, struct event_base *base);
void deadlines_deinit(struct deadlines *d);
/* Takes no longer than the number of those with a later deadline: hardly any, as a rule. */
void deadlines_add(struct deadlines *d, struct transfer *t, uint64_t deadline_us, uint64_t now_us);
void deadlines_move(struct deadlines *d, struct transfer *t, uint64_t deadline_us, uint64_t now_us);
void deadlines_remove(struct deadlines *d, struct transfer *t);
/* A sweep not later than that. */
void deadlines_arm(struct deadlines *d, uint64_t at_us, uint64_t now_us);

#endif
