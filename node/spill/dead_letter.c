#include "node/spill/dead_letter.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/printable.h"
#include "node/packet/packet_form.h"
#include "node/packet/suspicion.h"
#include "registry/roster.h"
#include "registry/scripts.h"

#define DEAD_MAX_ENTRIES 10000
#define DEAD_MAX_BYTES (256 << 20)
#define REFUSED_US 1000000
#define LOOK_US 100000 /* whether a call is overdue, or what is to be undone can be */

struct burial {
	struct burial *next;
	struct packet *packet;
	char analyzer[ANALYZER_ID_MAX + 1];
	char reason[SUSPICION_REASON_SIZE];
};

static void set_state(struct dead_way *w, enum dead_way_state state)
{
	static const char *const names[] = { "idle", "burying", "overdue", "undoing" };

	static_assert(ARRAY_LEN(names) == DEAD_WAY_STATES, "every state has a name");
	log_debug("spill", "dead letter", "from=%s to=%s", names[w->state], names[state]);
	w->state = state;
}

/* The fate of the first one. */
static void end_first(struct dead_way *w, enum refusal refusal)
{
	struct burial *b = w->first;
	struct packet *p = b->packet;

	w->first = b->next;
	if (!w->first)
		w->lastp = &w->first;
	free(b);
	w->letters->config.on_end(w->letters->config.arg, p, refusal);
}

/* What came too late, or perhaps never will. */
static void undo_call(struct dead_way *w)
{
	spill_undo_call(&w->undo);
	set_state(w, DEAD_UNDOING);
}

static void on_no_answer(struct dead_way *w)
{
	struct link *link = w->letters->config.link[w->size];
	bool was_overdue = w->state == DEAD_OVERDUE;
	const char *error = link_refusal(link);
	enum refusal refusal = error[0] ? REFUSAL_DEAD_REFUSED : REFUSAL_DEAD_AWAY;

	if (error[0]) {
		w->refused_until_us = clock_mono_us() + REFUSED_US;
		log_warn("spill", "Redis refuses to store a dead letter", "answer=%s runbook=%s",
			 error, LOG_RUNBOOK "redis-refuses-to-store-packets");
		set_state(w, DEAD_IDLE);
	} else {
		undo_call(w);
	}
	if (!was_overdue)
		end_first(w, refusal);
}

/* {"ok" or "full", entries} */
static void on_buried(void *arg, const redisReply *reply)
{
	struct dead_way *w = arg;
	bool is_answer = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
			 reply->element[0]->type == REDIS_REPLY_STRING;
	bool is_ok = is_answer && strcmp(reply->element[0]->str, "ok") == 0;
	bool is_full = is_answer && strcmp(reply->element[0]->str, "full") == 0;

	if (!is_ok && !is_full) {
		on_no_answer(w);
	} else if (w->state == DEAD_OVERDUE) {
		if (is_ok)
			undo_call(w);
		else
			set_state(w, DEAD_IDLE);
	} else {
		set_state(w, DEAD_IDLE);
		end_first(w, is_ok ? REFUSAL_NONE : REFUSAL_DEAD_FULL);
	}
}

static int call(struct dead_way *w)
{
	const struct dead_letters_config *config = &w->letters->config;
	struct packet *p = w->first->packet;
	struct json_slice id = packet_id(p);
	CLEANUP(buf_deinit) struct buf answer = { 0 };
	struct script_args args = { 0 };
	size_t said_len;
	const char *said = suspicion_said(p, &said_len);

	printable_append(&answer, said, said_len, "");
	script_arg(&args, p->body, p->len);
	script_arg_int(&args, p->n_messages);
	script_arg_str(&args, w->first->analyzer);
	script_arg_str(&args, w->first->reason);
	script_arg_str(&args, config->node_id);
	script_arg_int(&args, DEAD_MAX_ENTRIES);
	script_arg(&args, id.data, id.len);
	script_arg_str(&args, packet_form_text(p));
	script_arg_int(&args, (int64_t)packet_received_ms(p));
	script_arg_int(&args, DEAD_MAX_BYTES);
	script_arg_str(&args, w->undo.who);
	script_arg_int(&args, (int64_t)spill_undo_next(&w->undo));
	script_arg_str(&args, buf_str(&answer));
	return link_call(config->link[w->size], SCRIPT_BURY, &args, on_buried, w);
}

/* Why nothing can be buried now, or REFUSAL_NONE. */
static enum refusal why_not(const struct dead_way *w, uint64_t now_us)
{
	if (!link_is_up(w->letters->config.link[w->size]))
		return REFUSAL_DEAD_AWAY;
	if (w->state == DEAD_OVERDUE || w->state == DEAD_UNDOING)
		return REFUSAL_DEAD_SLOW;
	return now_us < w->refused_until_us ? REFUSAL_DEAD_REFUSED : REFUSAL_NONE;
}

static void start(struct dead_way *w, uint64_t now_us)
{
	struct link *link = w->letters->config.link[w->size];

	if (!w->first || w->state != DEAD_IDLE || (w->size == SPILL_LARGE && !link_is_idle(link)))
		return;
	w->started_us = now_us;
	set_state(w, DEAD_BURYING);
	if (call(w) == 0)
		return;
	set_state(w, DEAD_IDLE);
	end_first(w, REFUSAL_DEAD_AWAY);
}

static void give_up_overdue(struct dead_way *w, uint64_t now_us)
{
	const struct dead_letters_config *config = &w->letters->config;
	uint64_t moved_us;

	if (w->state != DEAD_BURYING || now_us < w->started_us + config->timeout_us)
		return;
	moved_us = link_progress_us(config->link[w->size]);
	if (now_us < moved_us + config->timeout_us)
		return;
	log_warn("spill", "Redis does not bury a dead letter in time", "bytes=%zu",
		 w->first->packet->len);
	set_state(w, DEAD_OVERDUE);
	end_first(w, REFUSAL_DEAD_SLOW);
}

static void refuse_waiting(struct dead_way *w, enum refusal refusal)
{
	while (w->first && w->state != DEAD_BURYING)
		end_first(w, refusal);
}

static void turn(struct dead_way *w, uint64_t now_us)
{
	enum refusal refusal;

	if (w->state == DEAD_UNDOING) {
		spill_undo_turn(&w->undo, now_us);
		if (w->undo.need == SPILL_UNDO_NOTHING)
			set_state(w, DEAD_IDLE);
	}
	give_up_overdue(w, now_us);
	refusal = why_not(w, now_us);
	if (refusal != REFUSAL_NONE)
		refuse_waiting(w, refusal);
	else
		start(w, now_us);
}

void dead_letters_turn(struct dead_letters *d, uint64_t now_us)
{
	struct timeval tv = clock_timeval(LOOK_US);
	bool is_busy = false;

	for (enum spill_size size = 0; size < SPILL_SIZES; size++) {
		struct dead_way *w = &d->ways[size];

		if (w->state == DEAD_IDLE && !w->first)
			continue;
		turn(w, now_us);
		is_busy |= w->state != DEAD_IDLE || w->first;
	}
	if (is_busy && !evtimer_pending(d->timer, NULL))
		evtimer_add(d->timer, &tv);
}

void dead_letters_bury(struct dead_letters *d, struct packet *p, const char *analyzer,
		       const char *reason)
{
	struct dead_way *w = &d->ways[spill_size_of(p)];
	enum refusal refusal = why_not(w, clock_mono_us());
	struct burial *b = refusal == REFUSAL_NONE ? malloc(sizeof(*b)) : NULL;

	if (!b) {
		d->config.on_end(d->config.arg, p, refusal ? refusal : REFUSAL_NO_MEMORY);
		return;
	}
	*b = (struct burial){ .packet = p };
	snprintf(b->reason, sizeof(b->reason), "%s", reason);
	snprintf(b->analyzer, sizeof(b->analyzer), "%s", analyzer);
	*w->lastp = b;
	w->lastp = &b->next;
	dead_letters_turn(d, clock_mono_us());
}

/* The turn of the loop that this makes does the work. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

int dead_letters_init(struct dead_letters *d, const struct dead_letters_config *config)
{
	static const char *const names[] = { "dead", "dead-large" };
	int r = 0;

	static_assert(ARRAY_LEN(names) == SPILL_SIZES, "every size has a name");
	*d = (struct dead_letters){ .config = *config };
	for (enum spill_size size = 0; size < SPILL_SIZES && r == 0; size++) {
		struct dead_way *w = &d->ways[size];

		w->letters = d;
		w->size = size;
		w->lastp = &w->first;
		r = spill_undo_init(&w->undo, config->link[size], config->worker, names[size],
				    "dead");
	}
	d->timer = evtimer_new(config->base, on_timer, d);
	return r == 0 && !d->timer ? -ENOMEM : r;
}

void dead_letters_deinit(struct dead_letters *d)
{
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		while (d->ways[size].first)
			end_first(&d->ways[size], REFUSAL_SHUTTING_DOWN);
	if (d->timer)
		event_free(d->timer);
}
