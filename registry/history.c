#include "registry/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deliveries that failed are refunded, so a total may go back by what is under way; not to this
 * part of it. */
#define LOST_BELOW 0.9
#define CLOCK_SET_BACK_MS 5000

static struct history_sample *ring_at(const struct history_ring *ring, unsigned i)
{
	assert(i < ring->size && ring->n <= ring->size);
	return &ring->samples[(ring->first + i) % ring->size];
}

static int ring_init(struct history_ring *ring, unsigned size)
{
	*ring = (struct history_ring){ .samples = calloc(size, sizeof(*ring->samples)),
				       .size = size };
	return ring->samples ? 0 : -ENOMEM;
}

static void ring_deinit(struct history_ring *ring)
{
	for (unsigned i = 0; ring->samples && i < ring->size; i++)
		free(ring->samples[i].of);
	free(ring->samples);
}

/* A copy; the oldest makes room. */
static int ring_push(struct history_ring *ring, const struct history_sample *sample)
{
	struct history_amount *of = calloc(sample->n_slots + 1, sizeof(*of));
	struct history_sample *place;

	if (!of)
		return -ENOMEM;
	if (sample->n_slots)
		memcpy(of, sample->of, sample->n_slots * sizeof(*of));
	if (ring->n == ring->size)
		ring->first = (ring->first + 1) % ring->size;
	else
		ring->n++;
	place = ring_at(ring, ring->n - 1);
	free(place->of);
	*place = *sample;
	place->of = of;
	return 0;
}

/* What was due is summed up in each sample, so one in between may go: the last one does, when it
 * came too soon after the one before it. */
static void ring_drop_hasty(struct history_ring *ring)
{
	if (ring->n >= 2 && ring_at(ring, ring->n - 1)->at_ms - ring_at(ring, ring->n - 2)->at_ms <
				    HISTORY_LEAST_MS)
		ring->n--;
}

static const struct history_sample *ring_last(const struct history_ring *ring)
{
	return ring->n ? ring_at(ring, ring->n - 1) : NULL;
}

/* The latest that is not younger; NULL: none is so old. */
static const struct history_sample *ring_before(const struct history_ring *ring, uint64_t at_ms)
{
	for (unsigned i = ring->n; i-- > 0;)
		if (ring_at(ring, i)->at_ms <= at_ms)
			return ring_at(ring, i);
	return NULL;
}

int history_init(struct history *h)
{
	*h = (struct history){ 0 };
	if (ring_init(&h->fine, HISTORY_FINE) != 0 || ring_init(&h->coarse, HISTORY_COARSE) != 0) {
		history_deinit(h);
		return -ENOMEM;
	}
	return 0;
}

void history_deinit(struct history *h)
{
	ring_deinit(&h->fine);
	ring_deinit(&h->coarse);
	free(h->shares);
	free(h->former);
	free(h->ids);
	*h = (struct history){ 0 };
}

const struct history_sample *history_now(const struct history *h)
{
	return ring_last(&h->fine);
}

const struct history_sample *history_before(const struct history *h, uint64_t age_ms)
{
	const struct history_sample *now = history_now(h), *found;
	uint64_t at_ms;

	if (!now)
		return NULL;
	at_ms = now->at_ms > age_ms ? now->at_ms - age_ms : 0;
	found = ring_before(&h->fine, at_ms);
	if (!found)
		found = ring_before(&h->coarse, at_ms);
	return found ? found : ring_at(&h->coarse, 0);
}

const struct history_sample *history_steady(const struct history *h, uint64_t age_ms)
{
	const struct history_sample *list[HISTORY_FINE + HISTORY_COARSE];
	const struct history_sample *before = history_before(h, age_ms);
	uint64_t steady_ms = h->changed_ms ? h->changed_ms + HISTORY_LAG_MS : 0;
	unsigned n = history_list(h, list);

	if (before && before->at_ms >= steady_ms)
		return before;
	for (unsigned i = 0; i + 1 < n; i++)
		if (list[i]->at_ms >= steady_ms)
			return list[i];
	return NULL;
}

unsigned history_list(const struct history *h, const struct history_sample **list)
{
	uint64_t fine_from = h->fine.n ? ring_at(&h->fine, 0)->at_ms : UINT64_MAX;
	unsigned n = 0;

	for (unsigned i = 0; i < h->coarse.n && ring_at(&h->coarse, i)->at_ms < fine_from; i++)
		list[n++] = ring_at(&h->coarse, i);
	for (unsigned i = 0; i < h->fine.n; i++)
		list[n++] = ring_at(&h->fine, i);
	return n;
}

struct history_amount history_of(const struct history_sample *sample, unsigned slot)
{
	return slot < sample->n_slots ? sample->of[slot] : (struct history_amount){ 0 };
}

int history_restore(struct history *h, const struct history_sample *samples, unsigned n,
		    const double *shares, const struct history_amount *former, unsigned n_slots)
{
	int r = 0;

	assert(h->fine.n == 0);
	for (unsigned i = 0; i < n && r == 0; i++)
		r = ring_push(&h->fine, &samples[i]);
	if (n && r == 0)
		r = ring_push(&h->coarse, &samples[0]);
	h->shares = calloc(n_slots + 1, sizeof(*h->shares));
	h->former = calloc(n_slots + 1, sizeof(*h->former));
	h->ids = calloc(n_slots + 1, sizeof(*h->ids));
	if (r != 0 || !h->shares || !h->former || !h->ids)
		return -ENOMEM;
	if (n_slots) {
		memcpy(h->shares, shares, n_slots * sizeof(*shares));
		memcpy(h->former, former, n_slots * sizeof(*former));
	}
	h->n_shares = h->n_former = n_slots;
	return 0;
}

/* ---- a new sample ---- */

/* Whoever left keeps its totals: it may come back. */
static void carry_over(const struct history_sample *last, struct history_sample *sample)
{
	for (unsigned i = 0; last && i < sample->n_slots && i < last->n_slots; i++)
		sample->of[i] = last->of[i];
}

/* What somebody who comes now had in a former stay, taken from the totals of those that had left. */
static double former_part(double total, double *leftp)
{
	double part = fmax(0, fmin(total, *leftp));

	*leftp -= part;
	return part;
}

static void forget_in(struct history_ring *ring, unsigned slot)
{
	for (unsigned i = 0; i < ring->n; i++)
		if (slot < ring_at(ring, i)->n_slots)
			ring_at(ring, i)->of[slot] = (struct history_amount){ 0 };
}

/* A slot that another analyzer has now: its totals begin at 0, and nothing was due to it. */
static void forget_others(struct history *h, const struct roster *roster)
{
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];
		char *id = h->ids[a->slot];

		if (*id && strcmp(id, a->id) != 0) {
			forget_in(&h->fine, a->slot);
			forget_in(&h->coarse, a->slot);
			h->former[a->slot] = (struct history_amount){ 0 };
			if (a->slot < h->n_shares)
				h->shares[a->slot] = 0;
		}
		snprintf(id, sizeof(*h->ids), "%s", a->id);
	}
}

static void sum_up(struct history *h, const struct history_sample *last,
		   struct history_sample *sample, const struct roster *roster)
{
	double routed_left = last ? last->gone_routed - sample->gone_routed : 0;
	double packets_left = last ? last->gone_packets - sample->gone_packets : 0;

	sample->routed = sample->gone_routed;
	sample->packets = sample->gone_packets;
	carry_over(last, sample);
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];
		struct history_amount *of = &sample->of[a->slot], *former = &h->former[a->slot];

		sample->routed += a->routed;
		sample->packets += a->delivered_packets;
		if (!of->is_known && last) {
			former->routed = former_part(a->routed, &routed_left);
			former->packets = former_part(a->delivered_packets, &packets_left);
		}
		of->is_known = true;
		of->routed = a->routed - former->routed;
		of->packets = a->delivered_packets - former->packets;
	}
}

static int make_room(struct history *h, unsigned n_slots)
{
	struct history_amount *former;
	char(*ids)[ANALYZER_ID_MAX + 1];

	if (n_slots <= h->n_former)
		return 0;
	former = realloc(h->former, n_slots * sizeof(*former));
	if (!former)
		return -ENOMEM;
	h->former = former;
	ids = realloc(h->ids, n_slots * sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	h->ids = ids;
	memset(former + h->n_former, 0, (n_slots - h->n_former) * sizeof(*former));
	memset(ids + h->n_former, 0, (n_slots - h->n_former) * sizeof(*ids));
	h->n_former = n_slots;
	return 0;
}

/* What was routed since the last sample was due by the shares that held then. */
static void add_due(const struct history *h, const struct history_sample *last,
		    struct history_sample *sample)
{
	double routed = sample->routed - last->routed;

	for (unsigned i = 0; i < sample->n_slots; i++)
		sample->of[i].due =
			history_of(last, i).due + (i < h->n_shares ? h->shares[i] * routed : 0);
}

static int keep_shares(struct history *h, const struct roster *roster, unsigned n_slots)
{
	double *shares = calloc(n_slots + 1, sizeof(*shares));

	if (!shares)
		return -ENOMEM;
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		shares[roster->analyzers[i].slot] = roster->analyzers[i].share;
	free(h->shares);
	h->shares = shares;
	h->n_shares = n_slots;
	return 0;
}

static unsigned slots_of(const struct roster *roster)
{
	unsigned n = roster->n_slots;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		if (roster->analyzers[i].slot >= n)
			n = roster->analyzers[i].slot + 1;
	return n;
}

void history_away(struct history *h)
{
	h->is_away = history_now(h) != NULL;
}

/* The samples while nodes settle become one with the time that they were away. */
static void begin_sample(struct history *h, uint64_t at_ms)
{
	if (h->is_settling)
		h->fine.n--;
	if (h->is_away)
		h->settled_ms = at_ms + HISTORY_SETTLES_MS;
	h->is_away = false;
	h->is_settling = at_ms < h->settled_ms && h->fine.n > 0;
}

static int record(struct history *h, const struct history_sample *sample)
{
	const struct history_sample *coarse = ring_last(&h->coarse);
	int r;

	if (!h->is_settling)
		ring_drop_hasty(&h->fine);
	r = ring_push(&h->fine, sample);
	if (r == 0 && !h->is_settling &&
	    (!coarse || sample->at_ms - coarse->at_ms >= HISTORY_COARSE_MS))
		r = ring_push(&h->coarse, sample);
	return r;
}

/* What was known is of other totals. */
static void begin_anew(struct history *h)
{
	h->fine.n = h->coarse.n = 0;
	h->is_settling = false;
	if (h->n_former)
		memset(h->former, 0, h->n_former * sizeof(*h->former));
}

static double total_of(const struct roster *roster)
{
	double routed = roster->gone_routed;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		routed += roster->analyzers[i].routed;
	return routed;
}

static bool has_other_shares(const struct history *h, const struct roster *roster)
{
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];

		if (fabs(a->share - (a->slot < h->n_shares ? h->shares[a->slot] : 0)) > 1e-9)
			return true;
	}
	return false;
}

void history_forgive(struct history *h, const struct roster *roster)
{
	const struct history_sample *last = history_now(h);
	double routed = last ? total_of(roster) - last->routed : 0;

	if (routed <= 0 || !has_other_shares(h, roster) ||
	    keep_shares(h, roster, slots_of(roster)) != 0)
		return;
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];
		double before = history_of(last, a->slot).routed;

		if (a->slot < h->n_former)
			before += h->former[a->slot].routed;
		h->shares[a->slot] = fmax(0, a->routed - before) / routed;
	}
}

static int add_sample(struct history *h, struct history_sample *sample, const struct roster *roster)
{
	const struct history_sample *last;
	int r = make_room(h, sample->n_slots);

	begin_sample(h, sample->at_ms);
	last = history_now(h);
	if (last && total_of(roster) < last->routed * LOST_BELOW)
		begin_anew(h);
	last = history_now(h);
	if (r != 0)
		return r;
	forget_others(h, roster);
	sum_up(h, last, sample, roster);
	if (last)
		add_due(h, last, sample);
	if (!h->is_settling) {
		if (last && has_other_shares(h, roster))
			h->changed_ms = sample->at_ms;
		r = keep_shares(h, roster, sample->n_slots);
	}
	return r == 0 ? record(h, sample) : r;
}

int history_push(struct history *h, const struct roster *roster, const struct history_extra *extra,
		 uint64_t at_ms)
{
	const struct history_sample *last = history_now(h);
	struct history_sample sample = { .at_ms = at_ms,
					 .wall_ms = roster->now_ms,
					 .gone_routed = roster->gone_routed,
					 .gone_packets = roster->gone_delivered_packets,
					 .spilled = roster->spill.packets,
					 .spilled_bytes = roster->spill.bytes,
					 .dead = roster->n_dead,
					 .refused = extra->refused,
					 .n_slots = slots_of(roster) };
	int r;

	if (last && roster->now_ms < last->wall_ms &&
	    last->wall_ms - roster->now_ms < CLOCK_SET_BACK_MS)
		return 0;
	sample.of = calloc(sample.n_slots + 1, sizeof(*sample.of));
	if (!sample.of)
		return -ENOMEM;
	r = add_sample(h, &sample, roster);
	free(sample.of);
	return r;
}
