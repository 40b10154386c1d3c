#include "node/deliver/dispatch.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

#define TICK_US 20000

/* The lane that answered last, and the last answer of any other. */
struct answers {
	const struct lane *newest;
	uint64_t newest_us, others_us;
	unsigned n_fit; /* lanes whose analyzer could get more, and is not slow */
};

static struct answers find_answers(const struct dispatch *d)
{
	struct answers found = { 0 };

	for (unsigned i = 0; i < d->n_slots; i++) {
		uint64_t at_us = d->lanes[i] ? lane_answered_us(d->lanes[i]) : 0;

		found.n_fit += d->lanes[i] && lane_is_fit(d->lanes[i]);
		if (at_us > found.newest_us) {
			found.others_us = found.newest_us;
			found.newest_us = at_us;
			found.newest = d->lanes[i];
		} else if (at_us > found.others_us) {
			found.others_us = at_us;
		}
	}
	return found;
}

static struct lane_others others_of(const struct answers *answers, const struct lane *lane)
{
	return (struct lane_others){
		.answered_us = lane == answers->newest ? answers->others_us : answers->newest_us,
		.are_fit = answers->n_fit > lane_is_fit(lane),
	};
}

static void set_reach(struct dispatch *d, unsigned slot, bool reach, bool cut_off, bool trial)
{
	if (d->reach[slot] != reach) {
		assert(reach || d->n_reachable > 0);
		d->n_reachable += reach ? 1 : -1;
	}
	d->reach[slot] = reach;
	d->cut_off[slot] = cut_off;
	d->trial[slot] = trial;
}

static void mark_dirty(struct dispatch *d, unsigned slot)
{
	if (d->dirty[slot])
		return;
	assert(d->n_dirty < ROSTER_MAX_SLOTS);
	d->dirty[slot] = true;
	d->dirty_slots[d->n_dirty++] = slot;
}

static void tick_soon(struct dispatch *d)
{
	struct timeval tv = clock_timeval(TICK_US);

	if (!d->is_ticking && evtimer_add(d->tick, &tv) == 0)
		d->is_ticking = true;
}

/* What is taken back goes to those that can take it after all changes: not in the middle of them. */
static void let_go(struct dispatch *d)
{
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->lanes[i])
			lane_let_go(d->lanes[i]);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct dispatch *d = arg;
	uint64_t now = clock_mono_us();
	struct answers answers = find_answers(d);
	bool again = false;

	(void)fd;
	(void)what;
	d->is_ticking = false;
	for (unsigned i = 0; i < d->n_slots; i++) {
		struct lane_others others;

		if (!d->lanes[i])
			continue;
		others = others_of(&answers, d->lanes[i]);
		again |= lane_tick(d->lanes[i], &others, now);
	}
	let_go(d);
	if (again)
		tick_soon(d);
}

static void on_reach(void *arg, struct lane *lane)
{
	struct dispatch *d = arg;
	unsigned slot = lane_slot(lane);

	if (slot == SLOT_NONE || d->lanes[slot] != lane) /* it left, or is not in its place yet */
		return;
	mark_dirty(d, slot);
	set_reach(d, slot, lane_can_take(lane), lane_is_unreachable(lane), lane_is_on_trial(lane));
	if (!d->reach[slot])
		tick_soon(d);
}

static void on_delivered(void *arg, struct lane *lane, struct packet *p)
{
	struct dispatch *d = arg;

	d->events.on_delivered(d->events.arg, lane_slot(lane), lane_id(lane), p);
}

static void on_part_delivered(void *arg, struct lane *lane, uint32_t n_messages)
{
	struct dispatch *d = arg;

	d->events.on_part_delivered(d->events.arg, lane_slot(lane), n_messages);
}

static void on_taken_back(void *arg, struct lane *lane, struct packet *p,
			  enum reroute_reason reason, bool tried)
{
	struct dispatch *d = arg;

	d->events.on_taken_back(d->events.arg, lane_slot(lane), p, reason, tried);
}

static void on_bad(void *arg, struct lane *lane, struct packet *p, int status)
{
	struct dispatch *d = arg;

	d->events.on_bad(d->events.arg, lane_slot(lane), lane_id(lane), p, status);
}

static void on_empty(void *arg, struct lane *lane)
{
	struct dispatch *d = arg;

	struct lane **at = &d->left;

	while (*at != lane)
		at = &(*at)->next;
	*at = lane->next;
	lane_free(lane);
}

int dispatch_init(struct dispatch *d, struct event_base *base,
		  const struct lane_config *lane_config, const struct dispatch_events *events)
{
	memset(d, 0, sizeof(*d));
	d->lane_config = *lane_config;
	d->events = *events;
	d->tick = evtimer_new(base, on_tick, d);
	return d->tick ? 0 : -ENOMEM;
}

/* What is in the lane stays there until retire_left. */
static void unseat(struct dispatch *d, unsigned slot)
{
	struct lane *lane = d->lanes[slot];

	set_reach(d, slot, false, false, false);
	d->lanes[slot] = NULL;
	lane->next = d->left;
	d->left = lane;
}

/* Lanes whose batches have all ended are freed by on_empty at once. */
static void retire_left(struct dispatch *d)
{
	struct lane *next;

	for (struct lane *lane = d->left; lane; lane = next) {
		next = lane->next;
		if (!lane->is_retired)
			lane_retire(lane);
	}
}

void dispatch_end(struct dispatch *d)
{
	d->is_ended = true;
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->lanes[i])
			lane_end(d->lanes[i]);
	for (struct lane *lane = d->left; lane; lane = lane->next)
		lane_end(lane);
	let_go(d);
}

void dispatch_deinit(struct dispatch *d)
{
	assert(dispatch_n_packets(d) == 0);
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->lanes[i])
			unseat(d, i);
	retire_left(d);
	assert(!d->left); /* none has a batch under way */
	if (d->tick)
		event_free(d->tick);
}

static void leave(struct dispatch *d, unsigned slot)
{
	log_info("dispatch", "analyzer left", "analyzer=%s", lane_id(d->lanes[slot]));
	unseat(d, slot);
}

static void move_lanes(struct dispatch *d, const int *moved)
{
	struct lane *to[ROSTER_MAX_SLOTS] = { NULL };

	for (unsigned i = 0; i < d->n_slots; i++) {
		set_reach(d, i, false, false, false);
		if (!d->lanes[i])
			continue;
		if (moved[i] < 0) {
			leave(d, i);
		} else {
			to[moved[i]] = d->lanes[i];
			lane_set_slot(to[moved[i]], (unsigned)moved[i]);
		}
	}
	memcpy(d->lanes, to, sizeof(to));
}

/* What those that left still do is not told of whoever has their slots now. */
static void take_slots(struct dispatch *d, const struct roster *roster)
{
	for (struct lane *lane = d->left; lane; lane = lane->next) {
		unsigned slot = lane_slot(lane);

		if (slot != SLOT_NONE && (slot >= roster->n_slots || roster->by_slot[slot]))
			lane_set_slot(lane, SLOT_NONE);
	}
}

static void place(struct dispatch *d, const struct analyzer *a)
{
	static const struct lane_events events = { .on_delivered = on_delivered,
						   .on_part_delivered = on_part_delivered,
						   .on_taken_back = on_taken_back,
						   .on_bad = on_bad,
						   .on_reach = on_reach,
						   .on_empty = on_empty };
	struct lane_events mine = events;

	if (d->lanes[a->slot]) {
		lane_update(d->lanes[a->slot], a);
		return;
	}
	mine.arg = d;
	d->lanes[a->slot] = lane_new(&d->lane_config, &mine, a);
	if (!d->lanes[a->slot]) {
		log_error("dispatch", "out of memory for a lane", "analyzer=%s", a->id);
		return;
	}
	log_info("dispatch", "analyzer known", "analyzer=%s url=%s", a->id, a->url);
	if (d->is_ended)
		lane_end(d->lanes[a->slot]);
	on_reach(d, d->lanes[a->slot]);
}

void dispatch_set_roster(struct dispatch *d, const struct roster *roster, const int *moved)
{
	if (moved)
		move_lanes(d, moved);
	if (roster->n_slots > d->n_slots)
		d->n_slots = roster->n_slots;
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->lanes[i] && !roster->by_slot[i])
			leave(d, i);
	take_slots(d, roster);
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		place(d, &roster->analyzers[i]);
	let_go(d);
	retire_left(d);
}

void dispatch_set_probes(struct dispatch *d, const uint64_t *down_bits)
{
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->lanes[i])
			lane_set_probe(d->lanes[i], down_bits[i / 64] >> (i % 64) & 1);
	let_go(d);
}

void dispatch_push(struct dispatch *d, unsigned slot, struct packet *p)
{
	assert(slot < d->n_slots && d->reach[slot]);
	lane_push(d->lanes[slot], p);
	mark_dirty(d, slot);
}

bool dispatch_find_well(const struct dispatch *d, bool for_suspect, bool well[ROSTER_MAX_SLOTS])
{
	bool any = false;

	memset(well, 0, ROSTER_MAX_SLOTS * sizeof(*well));
	for (unsigned i = 0; i < d->n_slots; i++) {
		well[i] = d->reach[i] && lane_is_well(d->lanes[i]) &&
			  !(for_suspect && lane_has_suspect(d->lanes[i]));
		any |= well[i];
	}
	return any;
}

void dispatch_flush(struct dispatch *d)
{
	while (d->n_dirty) {
		unsigned slot = d->dirty_slots[--d->n_dirty];

		d->dirty[slot] = false;
		if (!d->lanes[slot])
			continue;
		lane_flush(d->lanes[slot]);
		if (lane_is_busy(d->lanes[slot])) /* it may turn out to hang */
			tick_soon(d);
	}
}

unsigned dispatch_n_packets(const struct dispatch *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n_slots; i++)
		n += d->lanes[i] ? lane_n_packets(d->lanes[i]) : 0;
	for (const struct lane *lane = d->left; lane; lane = lane->next)
		n += lane_n_packets(lane);
	return n;
}

static void append_slot(struct buf *out, const char *mark, unsigned slot)
{
	buf_printf(out, "%s%s%u", out->len ? "," : "", mark, slot);
}

void dispatch_write_not_now(const struct dispatch *d, struct buf *out)
{
	buf_clear(out);
	for (unsigned i = 0; i < d->n_slots; i++)
		if (!d->reach[i])
			append_slot(out, "", i);
}

static const char *mark_of(const struct dispatch *d, unsigned slot)
{
	return d->trial[slot] ? "~" : d->lanes[slot] && lane_is_hanging(d->lanes[slot]) ? "!" : "";
}

void dispatch_write_unreachable(const struct dispatch *d, struct buf *out)
{
	buf_clear(out);
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->cut_off[i] || d->trial[i])
			append_slot(out, mark_of(d, i), i);
}

void dispatch_write_slow(const struct dispatch *d, struct buf *out)
{
	buf_clear(out);
	for (unsigned i = 0; i < d->n_slots; i++)
		if (d->lanes[i] && lane_is_slow(d->lanes[i]))
			append_slot(out, "", i);
}
