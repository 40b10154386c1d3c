#ifndef WEIR_LOADGEN_STEERING_H
#define WEIR_LOADGEN_STEERING_H
/*
 * A load that follows the orders of the control port (loadgen/control/emitter.h), and tells it what
 * it does. Without an emitter it does nothing.
 */
#include "loadgen/control/emitter.h"
#include "loadgen/pacer.h"
#include "loadgen/stats.h"

struct steering {
	struct emitter *emitter; /* NULL: nobody gives orders */
	uint64_t n_due;          /* messages to be sent at once */
	uint64_t last_us;        /* the rates were made last */
	struct tally last;       /* what was sent until then */
	double packets_per_s, messages_per_s;
};

/* The schedule is empty until it is told to run. */
void steering_init(struct steering *s, struct emitter *emitter, struct pacer *pacer);
/* Takes the orders of late. Where they change the schedule, it begins again at now_us. */
void steering_follow(struct steering *s, struct pacer *pacer, uint64_t now_us);
void steering_tell(struct steering *s, const struct stats *stats, uint64_t n_backlog,
		   uint32_t n_in_flight, uint64_t now_us);

#endif
