#ifndef WEIR_REGISTRY_CTL_FRAME_H
#define WEIR_REGISTRY_CTL_FRAME_H
/*
 * What weirctl top shows, as text: rosters in, lines out. Pure: no terminal, no clock, no Redis.
 *
 *   head       pool and time, rates, what is under way, totals
 *   stale      empty while what is shown is fresh
 *   analyzers  a line each, as many as fit; else the worst, and how many there are more
 *   nodes      the same
 */
#include <stdbool.h>
#include <time.h>

#include "common/buf.h"
#include "registry/ctl/ctl_history.h"

#define CTL_FRAME_COLUMNS_MIN 40
#define CTL_FRAME_ROWS_MIN 10

enum ctl_window { WINDOW_10S, WINDOW_1MIN, WINDOW_ALL, WINDOWS };

struct ctl_frame {
	const char *pool;
	const struct ctl_history *history;
	const char *trouble; /* why the last look failed; NULL: it did not */
	double age_s;        /* of what is shown */
	time_t now_s;        /* Unix time, for the clock */
	unsigned columns, rows;
	bool colour;
	enum ctl_window window; /* that the bars are about */
};

/* Lines that end with '\n': at most `rows` of them, none wider than `columns`. */
void ctl_frame_write(const struct ctl_frame *frame, struct buf *out);

#endif
