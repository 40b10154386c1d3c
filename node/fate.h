#ifndef WEIR_NODE_FATE_H
#define WEIR_NODE_FATE_H
/*
 * What becomes of the packets of a worker: what ingest, router and spill tell ends here, and here
 * alone a packet is accounted for, its agent answered, its memory given back.
 *
 * Always: received + taken = delivered + spilled + dead + refused + lost + in flight.
 */
#include "node/worker.h"

/* Why a packet is in the spill: for a metric. */
enum spill_reason {
	SPILL_NO_ANALYZER, /* nobody could take it */
	SPILL_FAILED,      /* deliveries of it failed */
	SPILL_RETURNED,    /* it came from there, and nobody here could take it */
	SPILL_REASONS
};
extern const char *const spill_reason_names[SPILL_REASONS];

/* Callbacks; arg is the worker. Each takes the packet. */
void fate_on_packet(void *arg, struct packet *p);            /* of the ingest */
void fate_on_packet_from_spill(void *arg, struct packet *p); /* of spill_out */
void fate_on_again(void *arg, struct packet *p);             /* of spill_in, as the next two */
void fate_on_stored(void *arg, struct packet *p);
void fate_on_refused(void *arg, struct packet *p, enum refusal refusal);
void fate_on_delivered(void *arg, struct packet *p, const char *analyzer); /* of the router */
void fate_on_unplaced(void *arg, struct packet *p);
void fate_on_bad(void *arg, struct packet *p, const char *analyzer, int status);

bool fate_can_place(void *arg);
/* Its agent has waited long enough, and the spill would take it. */
bool fate_is_overdue(void *arg, const struct packet *p);
/* For packets out of the spill. */
bool fate_has_room(void *arg);
void fate_write_accounts(void *arg, struct buf *out);

void fate_on_park_timer(evutil_socket_t fd, short what, void *arg);
void fate_on_account_timer(evutil_socket_t fd, short what, void *arg);

/* Received, or taken out of the spill, and without a fate yet; counted where they are. */
unsigned fate_n_in_flight(const struct worker *w);
/* The node ends: what came from the spill stays there, for others; what else was acknowledged and
 * is nowhere but here is lost, and the log says so. */
void fate_leave_parked(struct worker *w);

#endif
