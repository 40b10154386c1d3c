#include "node/spill/spill_in.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/spill/spill_entry.h"
#include "registry/scripts.h"

#define PUSH_MAX_BYTES (256u << 10) /* in one call; a larger packet goes alone */
#define FULL_US 1000000
#define RETRY_US 100000 /* what is due and cannot go now */

static bool is_acknowledged(const struct packet *p)
{
	return !p->exchange;
}

/* Why nothing can be stored now, or REFUSAL_NONE. */
static enum refusal why_not(const struct spill_in *s, uint64_t now_us)
{
	if (s->config.max_bytes == 0)
		return REFUSAL_NO_ANALYZER;
	if (!link_is_up(s->config.link))
		return REFUSAL_SPILL_AWAY;
	if (s->state == SPILL_IN_OVERDUE || s->state == SPILL_IN_UNDOING)
		return REFUSAL_SPILL_SLOW;
	if (now_us < s->refused_until_us)
		return REFUSAL_SPILL_REFUSED;
	if (now_us < s->lone_until_us)
		return REFUSAL_SPILL_REPLICAS;
	return now_us < s->full_until_us ? REFUSAL_SPILL_FULL : REFUSAL_NONE;
}

static void set_state(struct spill_in *s, enum spill_in_state state)
{
	static const char *const names[] = { "idle", "pushing", "copying", "overdue", "undoing" };

	static_assert(ARRAY_LEN(names) == SPILL_IN_STATES, "every state has a name");
	assert(state < SPILL_IN_STATES);
	log_debug("spill", "spill state", "from=%s to=%s", names[s->state], names[state]);
	s->state = state;
}

static void show(struct spill_in *s)
{
	unsigned n = spill_in_n_packets(s);

	metrics_add(s->config.metrics, M_WAITING_PACKETS, 0, (int64_t)n - s->n_shown);
	s->n_shown = n;
}

/* Who cannot be refused any more waits on, for an analyzer or for better times of Redis. */
static void refuse(struct spill_in *s, struct packet *p, enum refusal refusal)
{
	if (is_acknowledged(p) && !s->is_ending)
		packet_queue_push(&s->waiting, p);
	else
		s->config.on_refused(s->config.arg, p, refusal);
}

/* ---- the push under way ---- */

/*
 * The first n are as safe as they should be; the others are refused. What nobody waits for is safer
 * in Redis, without replicas, than here.
 */
static void end_push(struct spill_in *s, unsigned n_safe, enum refusal refusal)
{
	unsigned n = s->n_batch;

	assert(n_safe <= n);
	s->n_batch = 0;
	for (unsigned i = 0; i < n; i++) {
		if (i < n_safe || (i < s->n_stored && is_acknowledged(s->batch[i])))
			s->config.on_stored(s->config.arg, s->batch[i]);
		else
			refuse(s, s->batch[i], refusal);
	}
	show(s);
}

/* Agents were told that these are not stored, and send them again. The others stay where they are. */
static void undo_refused(struct spill_in *s)
{
	for (unsigned i = 0; i < s->n_stored; i++)
		if (s->names[i][0] && !is_acknowledged(s->batch[i]))
			spill_undo_entry(&s->undo, s->names[i], s->n_messages[i], s->cost_bytes[i]);
	set_state(s, s->undo.need ? SPILL_IN_UNDOING : SPILL_IN_IDLE);
}

static void on_copied(void *arg, const redisReply *reply)
{
	struct spill_in *s = arg;
	bool was_overdue = s->state == SPILL_IN_OVERDUE;
	bool is_copied = reply && reply->type == REDIS_REPLY_INTEGER &&
			 reply->integer >= (long long)s->config.min_replicas;

	if (was_overdue) {
		set_state(s, s->undo.need ? SPILL_IN_UNDOING : SPILL_IN_IDLE);
		return;
	}
	if (is_copied) {
		set_state(s, SPILL_IN_IDLE);
		end_push(s, s->n_stored, REFUSAL_SPILL_FULL);
		return;
	}
	s->lone_until_us = clock_mono_us() + FULL_US;
	log_warn("spill", "too few replicas have what was spilled", "replicas=%lld wanted=%u",
		 reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0LL,
		 s->config.min_replicas);
	undo_refused(s);
	end_push(s, 0, reply ? REFUSAL_SPILL_REPLICAS : REFUSAL_SPILL_AWAY);
}

/* What was stored may be told as soon as enough replicas have it too. */
static void wait_for_replicas(struct spill_in *s)
{
	char n[16], ms[24];
	const char *words[] = { "WAIT", n, ms };

	snprintf(n, sizeof(n), "%u", s->config.min_replicas);
	snprintf(ms, sizeof(ms), "%llu",
		 (unsigned long long)(s->config.timeout_us / US_PER_MS / 2));
	set_state(s, SPILL_IN_COPYING);
	if (link_command(s->config.link, ARRAY_LEN(words), words, on_copied, s) != 0) {
		undo_refused(s);
		end_push(s, 0, REFUSAL_SPILL_AWAY);
	}
}

static void learn_names(struct spill_in *s, const struct spill_pushed *pushed)
{
	for (unsigned i = 0; i < pushed->n_stored && i < SPILL_PUSH_MAX; i++) {
		const char *name = spill_pushed_name(pushed, i);

		snprintf(s->names[i], sizeof(s->names[i]), "%s", name ? name : "");
	}
}

/* All agents of this call were refused meanwhile; packets that need no agent are stored again. */
static void undo_late(struct spill_in *s, const struct spill_pushed *pushed)
{
	for (unsigned i = 0; i < pushed->n_stored && i < SPILL_PUSH_MAX; i++)
		if (s->names[i][0])
			spill_undo_entry(&s->undo, s->names[i], s->n_messages[i], s->cost_bytes[i]);
	set_state(s, s->undo.need ? SPILL_IN_UNDOING : SPILL_IN_IDLE);
}

/* Redis refused, or there was no answer: not known whether the call ran, or still will. */
static void on_no_answer(struct spill_in *s)
{
	const char *error = link_refusal(s->config.link);
	bool was_overdue = s->state == SPILL_IN_OVERDUE;

	if (error[0]) {
		s->refused_until_us = clock_mono_us() + FULL_US;
		log_warn("spill", "Redis refuses to store packets",
			 "packets=%u answer=%s runbook=%s", s->n_batch, error,
			 LOG_RUNBOOK "redis-refuses-to-store-packets");
		set_state(s, SPILL_IN_IDLE);
	} else {
		spill_undo_call(&s->undo);
		set_state(s, SPILL_IN_UNDOING);
	}
	if (!was_overdue)
		end_push(s, 0, error[0] ? REFUSAL_SPILL_REFUSED : REFUSAL_SPILL_AWAY);
}

static void note_full(struct spill_in *s, const struct spill_pushed *pushed)
{
	s->full_until_us = clock_mono_us() + FULL_US;
	log_warn("spill", "the spill is full", "bytes=%llu remedy=%s runbook=%s",
		 (unsigned long long)pushed->bytes,
		 "bring analyzers back, or raise spill-max-bytes", LOG_RUNBOOK "the-spill-is-full");
}

static void on_pushed(void *arg, const redisReply *reply)
{
	struct spill_in *s = arg;
	struct spill_pushed pushed;

	if (spill_push_answer(reply, &pushed) != 0) {
		on_no_answer(s);
		return;
	}
	if (pushed.is_full)
		note_full(s, &pushed);
	learn_names(s, &pushed);
	if (s->state == SPILL_IN_OVERDUE) {
		undo_late(s, &pushed);
		return;
	}
	set_state(s, SPILL_IN_IDLE);
	s->n_stored = pushed.n_stored < s->n_batch ? pushed.n_stored : s->n_batch;
	if (s->n_stored && s->config.min_replicas)
		wait_for_replicas(s);
	else
		end_push(s, s->n_stored, REFUSAL_SPILL_FULL);
}

static void add_to_push(struct spill_in *s, struct packet *p)
{
	struct spill_packet packet = spill_entry_of(p);

	s->n_messages[s->n_batch] = p->n_messages;
	s->cost_bytes[s->n_batch] = spill_packet_cost(&packet);
	spill_push_add(&s->push, &packet);
}

static bool is_due(const struct spill_in *s, const struct packet *p, uint64_t now_us)
{
	return s->is_hurried || now_us - p->received_us >= s->config.after_us ||
	       (s->starving_us && now_us - s->starving_us >= s->config.after_us);
}

/* The next one that is to be stored now; NULL: none. */
static struct packet_queue *next_due(struct spill_in *s, uint64_t now_us)
{
	if (s->due.head)
		return &s->due;
	return s->waiting.head && is_due(s, s->waiting.head, now_us) ? &s->waiting : NULL;
}

static void start_push(struct spill_in *s, uint64_t now_us)
{
	struct packet_queue *queue;
	size_t n_bytes = 0;

	assert(s->state == SPILL_IN_IDLE && s->n_batch == 0);
	s->n_stored = 0;
	spill_push_begin(&s->push, s->config.node_id, s->config.max_bytes);
	while (s->n_batch < SPILL_PUSH_MAX && (queue = next_due(s, now_us)) &&
	       (!s->n_batch || n_bytes + queue->head->len <= PUSH_MAX_BYTES)) {
		struct packet *p = packet_queue_pop(queue);

		n_bytes += p->len;
		add_to_push(s, p);
		s->batch[s->n_batch++] = p;
	}
	if (!s->n_batch)
		return;
	spill_push_number(&s->push, s->undo.who, spill_undo_next(&s->undo));
	s->started_us = now_us;
	set_state(s, SPILL_IN_PUSHING);
	if (link_call(s->config.link, SCRIPT_SPILL_PUSH, &s->push.args, on_pushed, s) != 0) {
		set_state(s, SPILL_IN_IDLE);
		end_push(s, 0, REFUSAL_SPILL_AWAY);
	}
}

/* Since when the push has come no further: bytes that move are progress. */
static uint64_t idle_since_us(const struct spill_in *s)
{
	uint64_t moved_us = link_progress_us(s->config.link);

	return moved_us > s->started_us ? moved_us : s->started_us;
}

/* No packet waits longer for Redis. Agents send them again; what is stored late is taken back. */
static void give_up_overdue(struct spill_in *s, uint64_t now_us)
{
	bool is_out = s->state == SPILL_IN_PUSHING || s->state == SPILL_IN_COPYING;

	if (!is_out || now_us < idle_since_us(s) + s->config.timeout_us)
		return;
	log_warn("spill", "Redis does not answer in time", "packets=%u", s->n_batch);
	if (s->state == SPILL_IN_COPYING) {
		s->lone_until_us = now_us + FULL_US;
		undo_refused(s);
	}
	set_state(s, SPILL_IN_OVERDUE);
	end_push(s, 0, REFUSAL_SPILL_SLOW);
}

/* ---- what waits ---- */

static void put(struct spill_in *s, struct packet_queue *queue, struct packet *p)
{
	s->has_refusable |= !is_acknowledged(p) || queue == &s->due;
	packet_queue_push(queue, p);
}

static void enqueue(struct spill_in *s, struct packet_queue *queue, struct packet *p)
{
	uint64_t now = clock_mono_us();
	enum refusal refusal = why_not(s, now);

	if (!s->starving_us)
		s->starving_us = now;
	if (refusal != REFUSAL_NONE)
		refuse(s, p, refusal);
	else
		put(s, queue, p);
	show(s);
}

void spill_in_add(struct spill_in *s, struct packet *p)
{
	enqueue(s, &s->waiting, p);
}

void spill_in_store(struct spill_in *s, struct packet *p)
{
	enqueue(s, &s->due, p);
}

bool spill_in_would_take(const struct spill_in *s, const struct packet *p)
{
	uint64_t now = clock_mono_us();

	return is_due(s, p, now) && why_not(s, now) == REFUSAL_NONE;
}

bool spill_in_would_refuse(const struct spill_in *s)
{
	return why_not(s, clock_mono_us()) != REFUSAL_NONE;
}

void spill_in_note_delivery(struct spill_in *s)
{
	s->starving_us = 0;
}

static void offer_again(struct spill_in *s)
{
	for (unsigned n = s->waiting.n_packets; n && s->config.can_place(s->config.arg); n--)
		s->config.on_again(s->config.arg, packet_queue_pop(&s->waiting));
}

/* Those that cannot be refused stay, and are not walked through again in each turn. */
static void refuse_waiting(struct spill_in *s, enum refusal refusal)
{
	s->has_refusable = false;
	while (s->due.head)
		refuse(s, packet_queue_pop(&s->due), refusal);
	for (unsigned n = s->waiting.n_packets; n; n--)
		refuse(s, packet_queue_pop(&s->waiting), refusal);
}

static void arm(struct spill_in *s, uint64_t now_us)
{
	uint64_t since = 0, limit = 0;
	struct timeval tv;

	if (s->state == SPILL_IN_PUSHING || s->state == SPILL_IN_COPYING) {
		since = s->started_us;
		limit = s->config.timeout_us;
	} else if (s->state == SPILL_IN_UNDOING) {
		since = now_us;
		limit = RETRY_US;
	} else if (s->waiting.head && s->state == SPILL_IN_IDLE) {
		since = s->waiting.head->received_us;
		limit = s->config.after_us;
	}
	if (!limit)
		return;
	tv = clock_timeval(since + limit > now_us ? since + limit - now_us : RETRY_US);
	evtimer_add(s->timer, &tv);
}

static void undo(struct spill_in *s, uint64_t now_us)
{
	if (s->state != SPILL_IN_UNDOING)
		return;
	spill_undo_turn(&s->undo, now_us);
	if (s->undo.need == SPILL_UNDO_NOTHING)
		set_state(s, SPILL_IN_IDLE);
}

void spill_in_turn(struct spill_in *s)
{
	enum refusal refusal;
	uint64_t now;

	if (!s->waiting.head && !s->due.head && s->state == SPILL_IN_IDLE)
		return;
	now = clock_mono_us();
	undo(s, now);
	give_up_overdue(s, now);
	offer_again(s);
	refusal = why_not(s, now);
	if (refusal != REFUSAL_NONE && s->has_refusable)
		refuse_waiting(s, refusal);
	else if (refusal == REFUSAL_NONE && s->state == SPILL_IN_IDLE &&
		 (!s->config.is_alone || link_is_idle(s->config.link)))
		start_push(s, now);
	arm(s, now);
	show(s);
}

void spill_in_hurry(struct spill_in *s)
{
	s->is_hurried = true;
}

unsigned spill_in_n_packets(const struct spill_in *s)
{
	return s->waiting.n_packets + s->due.n_packets + s->n_batch;
}

/* ---- life ---- */

/* The turn of the loop that this makes does the work. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

int spill_in_init(struct spill_in *s, const struct spill_in_config *config)
{
	*s = (struct spill_in){ .config = *config };
	packet_queue_init(&s->waiting);
	packet_queue_init(&s->due);
	s->timer = evtimer_new(config->base, on_timer, s);
	if (!s->timer)
		return -ENOMEM;
	return spill_undo_init(&s->undo, config->link, config->worker,
			       config->is_alone ? "in-large" : "in", "spill");
}

void spill_in_deinit(struct spill_in *s)
{
	s->is_ending = true;
	end_push(s, 0, REFUSAL_SHUTTING_DOWN);
	refuse_waiting(s, REFUSAL_SHUTTING_DOWN);
	if (s->timer)
		event_free(s->timer);
}
