#ifndef WEIR_NODE_PAST_H
#define WEIR_NODE_PAST_H
/*
 * What the pool did in the last ten minutes, the last hour and the last six hours, for charts.
 *
 *   history, health -> | 60 points of 10 s | 60 points of a minute | 72 points of five minutes |
 *
 * A point says rates and names analyzers, so it stays true when totals are lost or slots change
 * hands. Points begin at whole steps of Redis' clock: those of several nodes are the same points,
 * and one node can take them from another (past_store.h). Pure: time is a parameter.
 */
#include "registry/history.h"
#include "registry/reports.h"

enum past_range { PAST_10_MINUTES, PAST_HOUR, PAST_6_HOURS, PAST_RANGES };

struct past_info {
	const char *name; /* of the range, for people and in keys */
	uint64_t step_ms;
	unsigned n_points;
};
extern const struct past_info past_info[PAST_RANGES];

#define PAST_MOST_POINTS 72
#define PAST_MOST_ANALYZERS 256 /* of a point; those with the most messages */

struct past_of {
	char id[ANALYZER_ID_MAX + 1];
	float messages_per_s;
	float p99_ms;      /* the worst that was reported; NAN: nothing was */
	float error_ratio; /* the mean of what was reported; NAN as above */
};

struct past_point {
	uint64_t from_ms; /* Redis TIME, a multiple of the step; 0: there is no point */
	float packets_per_s, refused_per_s, spilled, dead;
	float ack_p99_ms; /* the worst that was reported; NAN: nothing was */
	unsigned n;
	struct past_of *of; /* owned; sorted by id */
};

struct past_heard; /* what was reported in the step that is under way */

struct past_ring {
	struct past_point points[PAST_MOST_POINTS]; /* a point is at its step modulo n_points */
	uint64_t next_ms;                           /* the begin of the step under way; 0: none */
	struct past_heard *heard;                   /* owned; by slot */
	unsigned n_heard;
	float ack_p99_ms;
};

struct past {
	struct past_ring rings[PAST_RANGES];
};

void past_init(struct past *past);
void past_deinit(struct past *past);

/* The nodes' reports, of about the last 10 s; NULL: none were read. */
int past_hear(struct past *past, const struct roster *roster,
	      const struct reports *reports) MUST_CHECK;
/* Makes a point of each step that has ended. The history's last sample is of `roster`. */
int past_continue(struct past *past, const struct history *h,
		  const struct roster *roster) MUST_CHECK;

/* The point of the step that has not ended; its analyzers are the caller's to free. 1: nothing can
 * be said of it yet. */
int past_under_way(const struct past *past, enum past_range range, const struct history *h,
		   const struct roster *roster, struct past_point *point) MUST_CHECK;

/* The point of a range that begins then; where there is none, the one of a longer step around it.
 * NULL: there is none either. */
const struct past_point *past_at(const struct past *past, enum past_range range, uint64_t from_ms);
/* Messages a second, of all analyzers, in the five minutes around a time; negative: not known. */
double past_rate(const struct past *past, uint64_t at_ms);
/* Takes the point's analyzers. One that is known keeps what the other lacks. */
void past_take(struct past *past, enum past_range range, struct past_point *point);
/* NULL: the analyzer is not in it. */
const struct past_of *past_of(const struct past_point *point, const char *id);

#endif
