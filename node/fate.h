#ifndef WEIR_NODE_FATE_H
#define WEIR_NODE_FATE_H
/*
 * What becomes of the packets of a worker: what ingest, router and spill tell ends here, and here
 * alone a packet is accounted for, its agent answered, its memory given back.
 *
 * Always: received + taken = delivered + spilled + dead + refused + lost + in flight.
 */
#include "common/rng.h"
#include "node/ingest/exchange.h"
#include "node/route/router.h"
#include "node/shared.h"
#include "node/spill/dead_letter.h"
#include "node/spill/spill_hold.h"
#include "node/spill/spill_in.h"
#include "node/spill/spill_out.h"
#include "node/spill/spill_size.h"
#include "registry/accounts.h"

/* Why a packet is in the spill: for a metric. */
enum spill_reason {
	SPILL_NO_ANALYZER, /* nobody could take it */
	SPILL_FAILED,      /* deliveries of it failed */
	SPILL_RETURNED,    /* it came from there, and nobody here could take it */
	SPILL_ACK_WITHIN,  /* its agent had waited long enough; its delivery goes on */
	SPILL_REASONS
};
extern const char *const spill_reason_names[SPILL_REASONS];

/* What a packet waited for whose agent was answered from the spill: for a metric. */
enum held_reason {
	HELD_QUEUED, /* no delivery of it had begun */
	HELD_SENT,   /* an analyzer did not answer, or had failed before */
	HELD_REASONS
};
extern const char *const held_reason_names[HELD_REASONS];

struct fate_config {
	struct event_base *base; /* borrowed, as all of these */
	struct node_shared *shared;
	const char *worker; /* node/index */
	struct metrics_shard *metrics;
	struct memory *memory;
	struct conn_shared *connections;
	struct router *router;
	struct spill_hold *spill_hold; /* SPILL_SIZES of them, as of the next */
	struct spill_in *spill_in;
	struct dead_letters *dead_letters;
	struct spill_out *spill_out;
};

struct fate {
	struct fate_config config;
	struct accounts accounts;     /* without what is in flight */
	struct packet_queue suspects; /* as suspicion.h says; they wait for their next delivery */
	struct packet_queue parked;   /* acknowledged or in the spill; tried again every 100 ms */
	unsigned n_burying;           /* packets on their way to the dead letters */
	struct rng rng;
	bool is_ending; /* what no analyzer here takes is left to other workers */
	struct event *park_timer, *suspect_timer, *account_timer;
};

int fate_init(struct fate *f, const struct fate_config *config) MUST_CHECK;
/* Frees also what fate_init left half-way. All packets are gone: see fate_leave_parked. */
void fate_deinit(struct fate *f);

/* Callbacks; arg is the struct fate. Each takes the packet. */
void fate_on_packet(void *arg, struct packet *p);            /* of the ingest */
void fate_on_packet_from_spill(void *arg, struct packet *p); /* of spill_out */
void fate_on_held(void *arg, struct packet *p);  /* of spill_hold; the packet stays where it is */
void fate_on_again(void *arg, struct packet *p); /* of spill_in, as the next two */
void fate_on_stored(void *arg, struct packet *p);
void fate_on_refused(void *arg, struct packet *p, enum refusal refusal);
void fate_on_buried(void *arg, struct packet *p, enum refusal refusal);    /* of dead_letters */
void fate_on_delivered(void *arg, struct packet *p, const char *analyzer); /* of the router */
/* Messages of a packet whose rest is still under way. */
void fate_on_part_delivered(void *arg, uint32_t n_messages);
void fate_on_unplaced(void *arg, struct packet *p);
void fate_on_bad(void *arg, struct packet *p, const char *analyzer, int status);

bool fate_can_place(void *arg);
/* Its agent has waited long enough, and the spill would take it. */
bool fate_is_overdue(void *arg, const struct packet *p);
/* For packets out of the spill. */
bool fate_has_room(void *arg);
void fate_write_accounts(void *arg, struct buf *out);

/* Received, or taken out of the spill, and without a fate yet; counted where they are. */
unsigned fate_n_in_flight(const struct fate *f);
/* The node ends: what no analyzer here takes is left to other workers, and not tried for long. */
void fate_end(struct fate *f);
/*
 * After router and spill_in have been torn down. What came from the spill stays there for others;
 * what else was acknowledged is nowhere but here, so it is lost, and the log says so.
 */
void fate_leave_parked(struct fate *f);

#endif
