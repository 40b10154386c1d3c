#include "node/spill/spill_hold.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/spill/spill_entry.h"

#define STORE_MAX_BYTES (256u << 10) /* in one call; a larger packet goes alone */
#define FULL_US 1000000
#define LOG_US 10000000 /* an obstacle that comes and goes is logged so often */
#define RETRY_US 100000 /* what is due and cannot be stored now */

const char *const hold_obstacle_names[] = { NULL, "redis_away", "redis_refused", "spill_full",
					    "too_many_held" };
static_assert(ARRAY_LEN(hold_obstacle_names) == HOLD_OBSTACLES, "every obstacle has a name");

/* ---- the deadline queue ---- */

static void link_before(struct spill_hold *s, struct packet *p, struct packet *next)
{
	assert(p->hold_state != HOLD_WAITING);
	p->hold_state = HOLD_WAITING;
	p->next_due = next;
	p->prev_due = next ? next->prev_due : s->last;
	*(p->prev_due ? &p->prev_due->next_due : &s->first) = p;
	*(next ? &next->prev_due : &s->last) = p;
}

static void unlink_packet(struct spill_hold *s, struct packet *p)
{
	assert(p->hold_state == HOLD_WAITING);
	*(p->prev_due ? &p->prev_due->next_due : &s->first) = p->next_due;
	*(p->next_due ? &p->next_due->prev_due : &s->last) = p->prev_due;
	p->hold_state = HOLD_NONE;
}

void spill_hold_watch(struct spill_hold *s, struct packet *p)
{
	if (s->config.after_us)
		link_before(s, p, NULL);
}

void spill_hold_watch_again(struct spill_hold *s, struct packet *p)
{
	if (s->config.after_us)
		link_before(s, p, s->first);
}

void spill_hold_forget(struct spill_hold *s, struct packet *p)
{
	if (p->hold_state == HOLD_WAITING) {
		unlink_packet(s, p);
	} else if (p->hold_state == HOLD_STORING) {
		assert(s->batch[p->hold_index] == p);
		s->batch[p->hold_index] = NULL;
		p->hold_state = HOLD_NONE;
	}
}

static bool is_due(const struct spill_hold *s, const struct packet *p, uint64_t now_us)
{
	return p->is_hold_due || now_us >= p->received_us + s->config.after_us;
}

/* ---- analyzers that are too slow ---- */

static void set_late(struct spill_hold *s, unsigned slot, bool is_late)
{
	if (slot == SLOT_NONE || s->is_late[slot] == is_late)
		return;
	s->is_late[slot] = is_late;
	s->n_late = is_late ? s->n_late + 1 : s->n_late - 1;
}

void spill_hold_note_delivery(struct spill_hold *s, const struct packet *p)
{
	if (s->n_late && p->slot != SLOT_NONE && s->is_late[p->slot])
		set_late(s, p->slot, clock_mono_us() - p->received_us > s->config.after_us);
}

/*
 * What is routed to a slow analyzer is due. The packets that came last are looked at, back to one
 * that was looked at before; one of which it is not known yet where it goes is looked at again.
 */
static void find_early(struct spill_hold *s)
{
	struct packet *prev;

	for (struct packet *p = s->last; p && !p->is_hold_seen && !p->is_hold_due; p = prev) {
		prev = p->prev_due;
		if (p->slot == SLOT_NONE)
			continue;
		p->is_hold_seen = true;
		if (!s->is_late[p->slot])
			continue;
		unlink_packet(s, p);
		p->is_hold_due = true;
		link_before(s, p, s->first);
	}
}

/* ---- the call under way ---- */

/* Agents of packets that are not safe wait on; what became known without its packet is removed. */
static void end_call(struct spill_hold *s, bool is_safe)
{
	unsigned n = s->n_batch;

	s->is_calling = false;
	s->n_batch = 0;
	for (unsigned i = n; i--;) { /* backwards, so that those that wait on stay in their order */
		struct packet *p = s->batch[i];
		struct spilled *entry = s->stored[i];

		if (p)
			p->hold_state = HOLD_NONE;
		if (p && entry && is_safe) {
			p->spilled = entry;
			s->config.on_held(s->config.arg, p);
			continue;
		}
		if (entry)
			spill_out_drop(s->config.out, entry);
		if (p)
			link_before(s, p, s->first);
	}
}

static void on_copied(void *arg, const redisReply *reply)
{
	struct spill_hold *s = arg;
	bool is_copied = reply && reply->type == REDIS_REPLY_INTEGER &&
			 reply->integer >= (long long)s->config.min_replicas;

	if (!is_copied)
		s->away_until_us = clock_mono_us() + FULL_US;
	end_call(s, is_copied);
}

static void wait_for_replicas(struct spill_hold *s)
{
	char n[16], ms[24];
	const char *words[] = { "WAIT", n, ms };

	snprintf(n, sizeof(n), "%u", s->config.min_replicas);
	snprintf(ms, sizeof(ms), "%llu", (unsigned long long)(s->config.copy_us / US_PER_MS));
	if (link_command(s->config.link, ARRAY_LEN(words), words, on_copied, s) != 0)
		end_call(s, false);
}

static void learn_entries(struct spill_hold *s, const struct spill_pushed *pushed)
{
	for (unsigned i = 0; i < s->n_batch && i < pushed->n_stored; i++) {
		const char *name = spill_pushed_name(pushed, i);

		if (name)
			s->stored[i] = spill_out_adopt(s->config.out, name, s->n_messages[i],
						       s->cost_bytes[i]);
		else
			spill_out_read_own(s->config.out);
	}
}

/* Without an answer nobody knows whether it ran, or still will. */
static void on_no_answer(struct spill_hold *s)
{
	if (link_refusal(s->config.link)[0])
		s->refused_until_us = clock_mono_us() + FULL_US;
	else
		spill_undo_call(&s->undo);
	end_call(s, false);
}

static void on_pushed(void *arg, const redisReply *reply)
{
	struct spill_hold *s = arg;
	struct spill_pushed pushed;

	if (spill_push_answer(reply, &pushed) != 0) {
		on_no_answer(s);
		return;
	}
	if (pushed.is_full)
		s->full_until_us = clock_mono_us() + FULL_US;
	learn_entries(s, &pushed);
	if (pushed.n_stored && s->config.min_replicas)
		wait_for_replicas(s);
	else
		end_call(s, true);
}

static void add_to_call(struct spill_hold *s, struct packet *p)
{
	struct spill_packet sent = spill_entry_of(p);

	spill_push_add(&s->push, &sent);
	s->n_messages[s->n_batch] = p->n_messages;
	s->cost_bytes[s->n_batch] = spill_packet_cost(&sent);
	if (!p->is_hold_due)
		set_late(s, p->slot, true);
	unlink_packet(s, p);
	p->hold_state = HOLD_STORING;
	p->hold_index = (uint8_t)s->n_batch;
	s->stored[s->n_batch] = NULL;
	s->batch[s->n_batch++] = p;
}

static unsigned most_in_call(const struct spill_hold *s)
{
	unsigned n_free = SPILL_OUT_MAX_ADOPTED - s->config.out->n_adopted;

	return n_free < SPILL_PUSH_MAX ? n_free : SPILL_PUSH_MAX;
}

static void store_due(struct spill_hold *s, uint64_t now_us)
{
	unsigned most = most_in_call(s);
	size_t n_bytes = 0;

	assert(s->n_batch == 0 && most > 0);
	spill_push_begin(&s->push, s->config.node_id, s->config.max_bytes);
	while (s->n_batch < most && s->first && is_due(s, s->first, now_us) &&
	       (!s->n_batch || n_bytes + s->first->len <= STORE_MAX_BYTES)) {
		n_bytes += s->first->len;
		add_to_call(s, s->first);
	}
	spill_push_hold(&s->push, s->config.worker);
	spill_push_number(&s->push, s->undo.who, spill_undo_next(&s->undo));
	s->is_calling = true;
	if (link_call(s->config.link, SCRIPT_SPILL_PUSH, &s->push.args, on_pushed, s) != 0)
		end_call(s, false);
}

/* ---- time ---- */

static enum hold_obstacle find_obstacle(const struct spill_hold *s, uint64_t now_us)
{
	if (!link_is_up(s->config.link) || s->undo.need || now_us < s->away_until_us)
		return HOLD_REDIS_AWAY;
	if (now_us < s->refused_until_us)
		return HOLD_REDIS_REFUSED;
	if (s->config.max_bytes == 0 || now_us < s->full_until_us)
		return HOLD_SPILL_FULL;
	return s->config.out->n_adopted < SPILL_OUT_MAX_ADOPTED ? HOLD_POSSIBLE
								: HOLD_TOO_MANY_HELD;
}

/* Counted once for each time that it stands in the way. */
static void note_obstacle(struct spill_hold *s, enum hold_obstacle obstacle, uint64_t now_us)
{
	if (obstacle == s->obstacle)
		return;
	s->obstacle = obstacle;
	if (obstacle == HOLD_POSSIBLE)
		return;
	metrics_add(s->config.metrics, M_HOLD_OBSTACLES, obstacle, 1);
	if (now_us < s->next_log_us)
		return;
	s->next_log_us = now_us + LOG_US;
	log_warn("spill", "agents wait longer than ack-within", "reason=%s",
		 hold_obstacle_names[obstacle]);
}

static void arm(struct spill_hold *s, uint64_t now_us)
{
	uint64_t due_us = s->first->received_us + s->config.after_us;
	struct timeval tv = clock_timeval(due_us > now_us ? due_us - now_us : RETRY_US);

	s->is_armed = true;
	evtimer_add(s->timer, &tv);
}

void spill_hold_turn(struct spill_hold *s, uint64_t now_us)
{
	enum hold_obstacle obstacle;

	spill_undo_turn(&s->undo, now_us);
	if (s->n_late)
		find_early(s);
	if (!s->first || s->is_calling)
		return;
	if (is_due(s, s->first, now_us)) {
		obstacle = find_obstacle(s, now_us);
		note_obstacle(s, obstacle, now_us);
		if (obstacle == HOLD_POSSIBLE &&
		    (!s->config.is_alone || link_is_idle(s->config.link)))
			store_due(s, now_us);
	}
	if (s->first && !s->is_armed)
		arm(s, now_us);
}

/* The turn of the loop that this makes does the work. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct spill_hold *s = arg;

	(void)fd;
	(void)what;
	s->is_armed = false;
}

/* ---- life ---- */

int spill_hold_init(struct spill_hold *s, const struct spill_hold_config *config)
{
	*s = (struct spill_hold){ .config = *config };
	s->timer = evtimer_new(config->base, on_timer, s);
	if (!s->timer)
		return -ENOMEM;
	return spill_undo_init(&s->undo, config->link, config->worker,
			       config->is_alone ? "hold-large" : "hold", "spill");
}

void spill_hold_deinit(struct spill_hold *s)
{
	assert(!s->first && !s->n_batch);
	if (s->timer)
		event_free(s->timer);
}
