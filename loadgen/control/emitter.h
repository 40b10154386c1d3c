#ifndef WEIR_LOADGEN_EMITTER_H
#define WEIR_LOADGEN_EMITTER_H
/*
 * What the control port and the load tell each other. The port gives orders, the load takes them at
 * its next tick; the load publishes its figures, the port shows the last ones. Any thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define EMITTER_MAX_RATE 1e6         /* packets a second */
#define EMITTER_MAX_MESSAGES 1000000 /* that wait to be generated */

struct emitter_orders {
	bool is_running;
	bool is_changed;     /* since they were taken last */
	double rate_per_s;   /* packets; above 0 */
	uint64_t n_messages; /* to be sent at once, in addition to all before */
};

struct emitter_tally {
	uint64_t packets, messages;
};

struct emitter_figures {
	struct emitter_tally sent, accepted, refused, failed;
	uint64_t n_sent_bytes;
	double packets_per_s, messages_per_s; /* sent, of late */
	uint64_t p50_us, p90_us, p99_us;      /* of accepted packets, since the start */
	uint64_t max_us;
	uint64_t n_backlog; /* packets that are due, and wait for a connection */
	uint64_t n_waiting; /* messages of /generate that are not yet sent */
	uint32_t n_in_flight;
};

struct emitter;
struct emitter *emitter_new(double rate_per_s); /* it does not run; NULL: out of memory */
struct emitter *emitter_free(struct emitter *e);
DEFINE_CLEANUP(struct emitter, emitter_free)

/* ---- for the control port ---- */

void emitter_run(struct emitter *e, bool is_running);
void emitter_set_rate(struct emitter *e, double rate_per_s);
/* False: more than EMITTER_MAX_MESSAGES would wait. */
bool emitter_generate(struct emitter *e, uint64_t n_messages);
/* The orders as they are now, and the figures as they were published last. */
void emitter_look(struct emitter *e, struct emitter_orders *orders,
		  struct emitter_figures *figures);

/* ---- for the load ---- */

void emitter_take(struct emitter *e, struct emitter_orders *orders);
void emitter_publish(struct emitter *e, const struct emitter_figures *figures);

#endif
