#ifndef WEIR_LOADGEN_PROGRESS_H
#define WEIR_LOADGEN_PROGRESS_H
/*
 * The line that shows a run as it goes:
 *   [########........] 50% 5.0s  5000/s  accepted 25012 refused 0 failed 0  p99 1.20ms  backlog 0
 * On a terminal it is written over itself; else it is one line a second.
 */
#include "loadgen/load.h"

/* Takes a piece of text that is shown in one write, and never waits. */
typedef void (*progress_show_text_fn)(const char *text, size_t len);

struct progress {
	progress_show_text_fn show_text;
	bool is_terminal;
	uint64_t last_us; /* of the line before, and the packets sent until then */
	uint64_t last_n_packets;
	double packets_per_s; /* between the last two lines */
};

void progress_init(struct progress *p, progress_show_text_fn show_text, bool is_terminal);
/* A load_progress_fn; arg is the struct progress. */
void progress_show(void *arg, const struct load_progress *now);
/* Leaves the line as it is and goes to the next. */
void progress_end(struct progress *p);

#endif
