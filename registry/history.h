#ifndef WEIR_REGISTRY_HISTORY_H
#define WEIR_REGISTRY_HISTORY_H
/*
 * The pool over the last ten minutes, as totals at points in time, so that any two of them can be
 * compared: finely for the last minute, coarsely beyond. Pure: time is a parameter.
 *
 *   rosters -> | each second, of the last minute | each ten seconds, of the last ten minutes |
 *
 * What an analyzer was due in a stretch of time is summed up from stretch to stretch with the share
 * it had in each, so the error over a window holds across changes of weights.
 */
#include "registry/roster.h"

#define HISTORY_FINE 64
#define HISTORY_COARSE 64
#define HISTORY_LEAST_MS 500 /* rates over less say nothing */
#define HISTORY_COARSE_MS 10000
#define HISTORY_SETTLES_MS 5000 /* after Redis was away */
#define HISTORY_LAG_MS 2000     /* until what was routed by other shares is counted */

struct history_amount {
	double routed;  /* messages, but for those of a former stay in the pool */
	double due;     /* messages by its share, since the history began */
	double packets; /* delivered, counted as routed */
	bool is_known;  /* it was in the pool by then; it keeps its totals when it leaves */
};

struct history_sample {
	uint64_t at_ms;                   /* monotonic */
	uint64_t wall_ms;                 /* Redis TIME */
	double routed;                    /* messages of all, ever */
	double packets;                   /* delivered by all, ever */
	double gone_routed, gone_packets; /* of them, those of analyzers that had left */
	double spilled, spilled_bytes, dead, refused;
	unsigned n_slots;
	struct history_amount *of; /* by slot */
};

struct history_ring {
	struct history_sample *samples; /* the oldest at `first` */
	unsigned size, first, n;
};

struct history {
	struct history_ring fine, coarse;
	double *shares; /* by slot: as of the last sample */
	unsigned n_shares;
	struct history_amount *former;    /* by slot: totals of a former stay, which are left out */
	char (*ids)[ANALYZER_ID_MAX + 1]; /* by slot: who had it last; "": nobody knows */
	unsigned n_former;                /* slots of `former` and `ids` */
	uint64_t
		changed_ms; /* at_ms of the sample at which shares became others; 0: never since it began */
	bool is_settling;    /* the last sample is to give way to the next */
	bool is_away;        /* nothing was seen of the pool since the last sample */
	uint64_t settled_ms; /* monotonic: until then nodes settle what they routed while away */
};

int history_init(struct history *h) MUST_CHECK;
void history_deinit(struct history *h);

/* What is not in a roster. */
struct history_extra {
	double refused; /* requests, over all nodes */
};

/* at_ms never goes back; a roster that was made before the last one (but by a clock that was set
 * back) is left out. Totals that go back (Redis has lost some) begin a new history, and so does an
 * analyzer that got the slot of another one. */
int history_push(struct history *h, const struct roster *roster, const struct history_extra *extra,
		 uint64_t at_ms) MUST_CHECK;

/* Redis was away since the last sample, as far as this node can tell. What the nodes routed meanwhile
 * is settled when it is back: it is due by the shares that held before, and the time that it was
 * away and the settling become one stretch. */
void history_away(struct history *h);

/* A history as it was elsewhere: samples from old to new, the shares and the totals of former stays
 * by slot as of the last. `h` was initialized, and is empty. Copies all. */
int history_restore(struct history *h, const struct history_sample *samples, unsigned n,
		    const double *shares, const struct history_amount *former,
		    unsigned n_slots) MUST_CHECK;

/* Before a roster is pushed that comes long after the last sample: where its shares are others, nobody
 * knows since when, and what was routed meanwhile counts as due. */
void history_forgive(struct history *h, const struct roster *roster);

/* The latest; NULL: there is none. Good until the next push, as all of these. */
const struct history_sample *history_now(const struct history *h);
/* The latest that is at least so much older than that, else the oldest. */
const struct history_sample *history_before(const struct history *h, uint64_t age_ms);
/* As history_before, but since that sample the shares have been those of now, and nothing that was routed
 * by others is counted. NULL: there is no such sample but the latest. */
const struct history_sample *history_steady(const struct history *h, uint64_t age_ms);
/* All there are from old to new, coarse ones up to where fine ones begin. `list` has room for
 * HISTORY_FINE + HISTORY_COARSE. How many. */
unsigned history_list(const struct history *h, const struct history_sample **list);

/* Of a slot; zeros where the sample does not have it. */
struct history_amount history_of(const struct history_sample *sample, unsigned slot);

#endif
