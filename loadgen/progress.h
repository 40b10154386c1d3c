#ifndef WEIR_LOADGEN_PROGRESS_H
#define WEIR_LOADGEN_PROGRESS_H
/*
 * The line that shows a run as it goes:
 *   [########........] 50% 5.0s  5000/s  accepted 25012 refused 0 failed 0  p99 1.20ms  backlog 0
 * On a terminal it is written over itself; else it is one line a second.
 */
#include <stdio.h>

#include "loadgen/load.h"

struct progress {
	FILE *out;
	bool is_terminal;
	uint64_t last_us; /* of the line before, and the packets sent until then */
	uint64_t last_n_packets;
	double packets_per_s; /* between the last two lines */
};

void progress_init(struct progress *p, FILE *out, bool is_terminal);
/* A load_progress_fn; arg is the struct progress. */
void progress_show(void *arg, const struct load_progress *now);
/* Leaves the line as it is and goes to the next. */
void progress_end(struct progress *p);

#endif
