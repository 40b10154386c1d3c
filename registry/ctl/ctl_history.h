#ifndef WEIR_REGISTRY_CTL_HISTORY_H
#define WEIR_REGISTRY_CTL_HISTORY_H
/*
 * The pool as it was in the last minute, a roster about each second, so that totals can be compared
 * over a window of time.
 */
#include "registry/roster.h"

#define CTL_HISTORY 70
#define CTL_HISTORY_KEEP_S 65

struct ctl_sample {
	struct roster *roster;
	uint64_t us; /* monotonic: when it was made */
};

struct ctl_history {
	struct ctl_sample samples[CTL_HISTORY]; /* the oldest first */
	unsigned n;
};

/* Takes the roster, and forgets what is too old. Times never go back. */
void ctl_history_push(struct ctl_history *history, struct roster *roster, uint64_t us);
/* The latest, NULL: there is none. Borrowed until the next push. */
const struct ctl_sample *ctl_history_now(const struct ctl_history *history);
/* The latest of those at least so much older than that, or the oldest. */
const struct ctl_sample *ctl_history_before(const struct ctl_history *history, uint64_t age_us);
void ctl_history_deinit(struct ctl_history *history);

#endif
