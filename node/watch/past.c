#include "node/watch/past.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_S 1000
#define LEAST_PART 0.25 /* of a step: a point needs so much of it to be known */

const struct past_info past_info[PAST_RANGES] = {
	[PAST_10_MINUTES] = { "10m", 10 * MS_PER_S, 60 },
	[PAST_HOUR] = { "1h", 60 * MS_PER_S, 60 },
	[PAST_6_HOURS] = { "6h", 300 * MS_PER_S, PAST_MOST_POINTS },
};

struct past_heard {
	float p99_ms; /* NAN: nothing was reported */
	double error_sum;
	unsigned n;
};

void past_init(struct past *past)
{
	*past = (struct past){ 0 };
	for (unsigned k = 0; k < PAST_RANGES; k++)
		past->rings[k].ack_p99_ms = NAN;
}

void past_deinit(struct past *past)
{
	for (unsigned k = 0; k < PAST_RANGES; k++) {
		for (unsigned i = 0; i < PAST_MOST_POINTS; i++)
			free(past->rings[k].points[i].of);
		free(past->rings[k].heard);
	}
	past_init(past);
}

/* ---- points ---- */

static struct past_point *place_of(const struct past *past, enum past_range range, uint64_t from_ms)
{
	const struct past_info *info = &past_info[range];
	uint64_t step = from_ms / info->step_ms;

	assert(info->n_points <= PAST_MOST_POINTS);
	assert(from_ms % info->step_ms == 0); /* points begin at whole steps */
	return (struct past_point *)&past->rings[range].points[step % info->n_points];
}

const struct past_point *past_at(const struct past *past, enum past_range range, uint64_t from_ms)
{
	for (unsigned k = range; k < PAST_RANGES; k++) {
		uint64_t begin_ms = from_ms - from_ms % past_info[k].step_ms;
		const struct past_point *point = place_of(past, (enum past_range)k, begin_ms);

		if (point->from_ms && point->from_ms == begin_ms)
			return point;
	}
	return NULL;
}

double past_rate(const struct past *past, uint64_t at_ms)
{
	const struct past_point *point = past_at(past, PAST_6_HOURS, at_ms);
	double sum = 0;

	if (!point)
		return -1;
	for (unsigned i = 0; i < point->n; i++)
		sum += (double)point->of[i].messages_per_s;
	return sum;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct past_of *)a)->id, ((const struct past_of *)b)->id);
}

static int by_messages(const void *a, const void *b)
{
	float left = ((const struct past_of *)a)->messages_per_s;
	float right = ((const struct past_of *)b)->messages_per_s;

	return (left < right) - (left > right);
}

const struct past_of *past_of(const struct past_point *point, const char *id)
{
	struct past_of key;

	snprintf(key.id, sizeof(key.id), "%s", id);
	return point->n ? bsearch(&key, point->of, point->n, sizeof(key), by_id) : NULL;
}

/* What an older point of the same step knew of latencies and errors. */
static void fill_in(struct past_point *point, const struct past_point *old)
{
	if (isnan(point->ack_p99_ms))
		point->ack_p99_ms = old->ack_p99_ms;
	for (unsigned i = 0; i < point->n; i++) {
		const struct past_of *of = past_of(old, point->of[i].id);

		if (!of || !isnan(point->of[i].p99_ms))
			continue;
		point->of[i].p99_ms = of->p99_ms;
		point->of[i].error_ratio = of->error_ratio;
	}
}

void past_take(struct past *past, enum past_range range, struct past_point *point)
{
	struct past_point *place = place_of(past, range, point->from_ms);

	assert(point->n <= PAST_MOST_ANALYZERS);
	if (place->from_ms > point->from_ms) { /* it is too old to be kept */
		free(point->of);
		return;
	}
	if (place->from_ms == point->from_ms)
		fill_in(point, place);
	free(place->of);
	*place = *point;
	*point = (struct past_point){ 0 };
}

/* ---- what is reported ---- */

static void forget(struct past_ring *ring)
{
	for (unsigned i = 0; i < ring->n_heard; i++)
		ring->heard[i] = (struct past_heard){ .p99_ms = NAN };
	ring->ack_p99_ms = NAN;
}

static int make_room(struct past_ring *ring, unsigned n)
{
	struct past_heard *heard;

	if (n <= ring->n_heard)
		return 0;
	heard = realloc(ring->heard, n * sizeof(*heard));
	if (!heard)
		return -ENOMEM;
	ring->heard = heard;
	while (ring->n_heard < n)
		heard[ring->n_heard++] = (struct past_heard){ .p99_ms = NAN };
	return 0;
}

static void hear_slot(struct past_ring *ring, unsigned slot, const struct lanes *lanes)
{
	struct past_heard *heard = &ring->heard[slot];
	double p99_ms, ratio;

	assert(slot < ring->n_heard); /* it has all slots of a roster */
	if (!lanes_percentile(lanes, 99, &p99_ms) || !lanes_error_ratio(lanes, &ratio))
		return;
	heard->p99_ms = fmaxf(heard->p99_ms, (float)p99_ms); /* a NAN loses */
	heard->error_sum += ratio;
	heard->n++;
}

int past_hear(struct past *past, const struct roster *roster, const struct reports *reports)
{
	double ack_ms;

	for (unsigned k = 0; reports && k < PAST_RANGES; k++) {
		struct past_ring *ring = &past->rings[k];

		if (make_room(ring, ROSTER_MAX_SLOTS) != 0)
			return -ENOMEM;
		for (unsigned i = 0; i < roster->n_analyzers && i < reports->n_lanes; i++)
			hear_slot(ring, roster->analyzers[i].slot, &reports->lanes[i]);
		if (reports_ack_percentile(reports, 99, &ack_ms))
			ring->ack_p99_ms = fmaxf(ring->ack_p99_ms, (float)ack_ms);
	}
	return 0;
}

/* ---- what was routed ---- */

/* A point in time between two samples. */
struct cut {
	const struct history_sample *before, *after;
	double part; /* of the way to `after` */
	uint64_t at_ms;
};

struct samples {
	const struct history_sample *list[HISTORY_FINE + HISTORY_COARSE];
	unsigned n;
};

/* at_ms: monotonic, as in samples; what lies outside of them becomes the nearest of them. */
static struct cut cut_at(const struct samples *s, uint64_t at_ms)
{
	unsigned i = 0;
	struct cut cut;

	assert(s->n >= 2); /* one before the cut, and one after it */
	while (i + 2 < s->n && s->list[i + 1]->at_ms <= at_ms)
		i++;
	cut = (struct cut){ s->list[i], s->list[i + 1], 0, at_ms };
	if (at_ms <= cut.before->at_ms)
		cut.at_ms = cut.before->at_ms;
	else if (at_ms >= cut.after->at_ms)
		cut.at_ms = cut.after->at_ms;
	if (cut.after->at_ms > cut.before->at_ms)
		cut.part = (double)(cut.at_ms - cut.before->at_ms) /
			   (double)(cut.after->at_ms - cut.before->at_ms);
	return cut;
}

static double between(const struct cut *cut, double before, double after)
{
	return before + (after - before) * cut->part;
}

static double routed_at(const struct cut *cut, unsigned slot)
{
	return between(cut, history_of(cut->before, slot).routed,
		       history_of(cut->after, slot).routed);
}

static float rate(double from, double to, double seconds)
{
	return (float)fmax(0, (to - from) / seconds);
}

static void fill_analyzers(struct past_point *point, const struct past_ring *ring,
			   const struct roster *roster, const struct cut *from,
			   const struct cut *to, double seconds)
{
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];
		struct past_of *of = &point->of[point->n++];

		snprintf(of->id, sizeof(of->id), "%s", a->id);
		of->messages_per_s =
			rate(routed_at(from, a->slot), routed_at(to, a->slot), seconds);
		of->p99_ms = of->error_ratio = NAN;
		if (a->slot < ring->n_heard && ring->heard[a->slot].n) {
			of->p99_ms = ring->heard[a->slot].p99_ms;
			of->error_ratio =
				(float)(ring->heard[a->slot].error_sum / ring->heard[a->slot].n);
		}
	}
	if (point->n > PAST_MOST_ANALYZERS) {
		qsort(point->of, point->n, sizeof(*point->of), by_messages);
		point->n = PAST_MOST_ANALYZERS;
	}
	qsort(point->of, point->n, sizeof(*point->of), by_id);
}

/* Of the time from from_ms (Redis TIME) on. 1: less than least_ms of it is known. */
static int make_point(const struct past_ring *ring, const struct samples *s,
		      const struct roster *roster, uint64_t from_ms, uint64_t step_ms,
		      uint64_t least_ms, struct past_point *point)
{
	const struct history_sample *now = s->list[s->n - 1];
	uint64_t ago_ms = now->wall_ms - from_ms;
	uint64_t at_ms = now->at_ms > ago_ms ? now->at_ms - ago_ms : 0;
	struct cut from = cut_at(s, at_ms), to = cut_at(s, at_ms + step_ms);
	double seconds = (double)(to.at_ms - from.at_ms) / MS_PER_S;

	if (to.at_ms - from.at_ms < least_ms)
		return 1;
	*point = (struct past_point){
		.from_ms = from_ms,
		.packets_per_s = rate(between(&from, from.before->packets, from.after->packets),
				      between(&to, to.before->packets, to.after->packets), seconds),
		.refused_per_s = rate(between(&from, from.before->refused, from.after->refused),
				      between(&to, to.before->refused, to.after->refused), seconds),
		.spilled = (float)between(&to, to.before->spilled, to.after->spilled),
		.dead = (float)between(&to, to.before->dead, to.after->dead),
		.ack_p99_ms = ring->ack_p99_ms,
		.of = calloc(roster->n_analyzers + 1, sizeof(*point->of)),
	};
	if (!point->of)
		return -ENOMEM;
	fill_analyzers(point, ring, roster, &from, &to, seconds);
	return 0;
}

/* Points of the future would keep those out that are made now. */
static void drop_from(struct past_ring *ring, uint64_t from_ms)
{
	for (unsigned i = 0; i < PAST_MOST_POINTS; i++) {
		if (ring->points[i].from_ms < from_ms)
			continue;
		free(ring->points[i].of);
		ring->points[i] = (struct past_point){ 0 };
	}
}

static int continue_ring(struct past *past, enum past_range range, const struct samples *s,
			 const struct roster *roster)
{
	const struct past_info *info = &past_info[range];
	struct past_ring *ring = &past->rings[range];
	const uint64_t step_ms = info->step_ms, now_ms = s->list[s->n - 1]->wall_ms;
	uint64_t whole_ms = now_ms - now_ms % step_ms;
	struct past_point point;
	int r = 0;

	if (ring->next_ms == 0)
		ring->next_ms = s->list[0]->wall_ms - s->list[0]->wall_ms % step_ms;
	if (ring->next_ms > whole_ms) { /* the clock went back */
		drop_from(ring, whole_ms);
		ring->next_ms = whole_ms;
	}
	if (whole_ms - ring->next_ms > info->n_points * step_ms)
		ring->next_ms = whole_ms - info->n_points * step_ms;
	if (ring->next_ms == whole_ms)
		return 0;
	for (; r >= 0 && ring->next_ms < whole_ms; ring->next_ms += step_ms) {
		r = make_point(ring, s, roster, ring->next_ms, step_ms,
			       (uint64_t)(LEAST_PART * (double)step_ms), &point);
		if (r == 0)
			past_take(past, range, &point);
	}
	forget(ring);
	return r < 0 ? r : 0;
}

int past_continue(struct past *past, const struct history *h, const struct roster *roster)
{
	struct samples s;
	int r = 0;

	s.n = history_list(h, s.list);
	if (s.n < 2)
		return 0;
	for (unsigned k = 0; r == 0 && k < PAST_RANGES; k++)
		r = continue_ring(past, (enum past_range)k, &s, roster);
	return r;
}

int past_under_way(const struct past *past, enum past_range range, const struct history *h,
		   const struct roster *roster, struct past_point *point)
{
	const struct past_ring *ring = &past->rings[range];
	struct samples s;

	s.n = history_list(h, s.list);
	if (s.n < 2 || ring->next_ms == 0 || ring->next_ms > s.list[s.n - 1]->wall_ms)
		return 1;
	return make_point(ring, &s, roster, ring->next_ms, past_info[range].step_ms,
			  HISTORY_LEAST_MS, point);
}
