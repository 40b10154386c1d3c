#ifndef WEIR_REGISTRY_CTL_VIEW_H
#define WEIR_REGISTRY_CTL_VIEW_H
/*
 * What a frame of weirctl top is made of: rosters of some time, and what the terminal has room for.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <time.h>

#include "registry/ctl/ctl_history.h"

enum ctl_window { WINDOW_10S, WINDOW_1MIN, WINDOW_ALL, WINDOWS };

struct ctl_view {
	const char *pool;
	const struct ctl_history *history;
	const cJSON *overview; /* of the latest of it: how deliveries go; NULL: not known */
	const char *trouble;   /* why the last look failed; NULL: it did not */
	const char *whose;     /* the figures are those of one node, and why; NULL: of the pool */
	double age_s;          /* of what is shown */
	time_t now_s;          /* Unix time, for the clock */
	unsigned columns, rows;
	bool colour;
	enum ctl_window window; /* that the bars are about */
};

#endif
