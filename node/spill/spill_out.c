#include "node/spill/spill_out.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "registry/scripts.h"

#define TAKE_MAX_PACKETS 128
#define TAKE_MAX_BYTES (1u << 20)
#define GIVE_UP_MAX 64  /* in one call */
#define LOOK_US 1000000 /* where there was nothing, look again after that, +-20 % */
#define RETRY_US 100000 /* what Redis did not want to hear is told again after that */

static void look_later(struct spill_out *s)
{
	s->next_look_us = clock_mono_us() + LOOK_US / 100 * rng_range(&s->rng, 80, 120);
}

void spill_out_init(struct spill_out *s, const struct spill_out_config *config)
{
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->reads_own = true; /* of a former run under this name */
	rng_init(&s->rng, 0);
	look_later(s);
}

static void show(const struct spill_out *s)
{
	metrics_set(s->config.metrics, M_SPILL_HELD_PACKETS, 0, s->n_held);
}

/* ---- out of the stream ---- */

static struct spilled *find_free(struct spill_out *s)
{
	for (unsigned i = 0; i < SPILL_OUT_MAX; i++)
		if (s->entries[i].state == SPILLED_FREE)
			return &s->entries[i];
	return NULL;
}

/* On this machine's clock, as far as the nodes' clocks agree. */
static uint64_t received_us(uint64_t received_ms)
{
	uint64_t wall_ms = clock_wall_us() / US_PER_MS, now_us = clock_mono_us();
	uint64_t age_us = received_ms < wall_ms ? (wall_ms - received_ms) * US_PER_MS : 0;

	return age_us < now_us ? now_us - age_us : 0;
}

static struct packet *copy_packet(struct spill_out *s, const struct spill_entry *entry)
{
	struct packet *p = packet_new_within(s->config.memory, entry->len);

	if (p && packet_reserve_within(s->config.memory, &p, entry->len, entry->len) != 0) {
		packet_free_within(s->config.memory, p);
		return NULL;
	}
	if (!p)
		return NULL;
	memcpy(p->body, entry->body, entry->len);
	p->len = entry->len;
	p->n_messages = entry->n_messages;
	p->received_us = received_us(entry->received_ms);
	return p;
}

/* False: there is no room for it now; it stands under this worker's name. */
static bool hold(struct spill_out *s, const struct spill_entry *entry)
{
	struct spilled *spilled = find_free(s);
	struct packet *p = spilled ? copy_packet(s, entry) : NULL;

	if (!p)
		return false;
	*spilled = (struct spilled){ .state = SPILLED_HELD,
				     .n_messages = entry->n_messages,
				     .cost_bytes = entry->cost_bytes,
				     .taken_us = clock_mono_us() };
	strncpy(spilled->name, entry->name, sizeof(spilled->name) - 1);
	p->spilled = spilled;
	s->n_held++;
	s->config.on_packet(s->config.arg, p);
	return true;
}

static void on_taken(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;
	struct spill_taken taken;
	struct spill_entry entry;

	s->is_calling = false;
	s->has_more = false;
	look_later(s);
	if (spill_take_answer(reply, &taken) != 0) {
		s->reads_own = true; /* it may have been carried out */
		return;
	}
	if (s->asked_own)
		s->reads_own = taken.n > 0;
	/* where nothing came, others may hold all that is left */
	s->has_more = taken.n > 0 || (s->asked_own && taken.n_in_spill > 0);
	if (taken.n_claimed) {
		log_warn("spill", "took over what another worker had taken", "packets=%u",
			 taken.n_claimed);
		metrics_add(s->config.metrics, M_SPILL_CLAIMED_PACKETS, 0, taken.n_claimed);
	}
	while (spill_taken_next(&taken, &entry)) {
		if (!hold(s, &entry)) {
			s->reads_own = true;
			s->has_more = false;
			break;
		}
	}
	show(s);
}

static void take(struct spill_out *s)
{
	unsigned n_free = SPILL_OUT_MAX - s->n_held - s->n_done - s->n_given_up;
	struct script_args args = { 0 };

	spill_take_args(&args, s->config.worker,
			n_free < TAKE_MAX_PACKETS ? n_free : TAKE_MAX_PACKETS, TAKE_MAX_BYTES,
			s->reads_own);
	s->took_last = true;
	s->asked_own = s->reads_own;
	s->is_calling = link_call(s->config.link, SCRIPT_SPILL_TAKE, &args, on_taken, s) == 0;
}

/* ---- what becomes of it ---- */

static void let_go(struct spill_out *s, struct packet *p)
{
	assert(s->n_held > 0);
	p->spilled = NULL;
	s->n_held--;
	show(s);
}

void spill_out_done(struct spill_out *s, struct packet *p)
{
	assert(p->spilled->state == SPILLED_HELD);
	p->spilled->state = SPILLED_DONE;
	s->n_done++;
	let_go(s, p);
}

void spill_out_give_up(struct spill_out *s, struct packet *p)
{
	assert(p->spilled->state == SPILLED_HELD);
	p->spilled->state = SPILLED_GIVEN_UP;
	s->n_given_up++;
	let_go(s, p);
}

void spill_out_leave(struct spill_out *s, struct packet *p)
{
	p->spilled->state = SPILLED_FREE;
	s->reads_own = true;
	let_go(s, p);
}

/* Without an answer it is told once more. */
static void end_telling(struct spill_out *s, bool is_told, unsigned *np)
{
	assert(s->is_calling && *np >= s->n_telling);
	s->is_calling = false;
	if (is_told) {
		for (unsigned i = 0; i < s->n_telling; i++)
			s->telling[i]->state = SPILLED_FREE;
		*np -= s->n_telling;
	} else {
		s->next_tell_us = clock_mono_us() + RETRY_US;
	}
	s->n_telling = 0;
}

static void on_told_done(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;
	struct spill_left left;

	end_telling(s, spill_done_answer(reply, &left) == 0, &s->n_done);
}

static void on_told_given_up(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;
	bool is_unknown = !reply && link_is_up(s->config.link); /* to Redis: it was emptied */

	s->reads_own |= is_unknown; /* what is there all the same is read again */
	end_telling(s, reply || is_unknown, &s->n_given_up);
}

static void gather(struct spill_out *s, enum spilled_state state, unsigned max)
{
	s->n_telling = 0;
	for (unsigned i = 0; i < SPILL_OUT_MAX && s->n_telling < max; i++)
		if (s->entries[i].state == state)
			s->telling[s->n_telling++] = &s->entries[i];
}

static void tell_done(struct spill_out *s)
{
	s->took_last = false;
	gather(s, SPILLED_DONE, SPILL_DONE_MAX);
	spill_done_begin(&s->done);
	for (unsigned i = 0; i < s->n_telling; i++)
		spill_done_add(&s->done, s->telling[i]->name, s->telling[i]->n_messages,
			       s->telling[i]->cost_bytes);
	s->is_calling =
		link_call(s->config.link, SCRIPT_SPILL_DONE, &s->done.args, on_told_done, s) == 0;
}

static void tell_given_up(struct spill_out *s)
{
	const char *words[6 + GIVE_UP_MAX] = { "XCLAIM", s->config.keys->names[KEY_SPILL],
					       SPILL_GROUP, SPILL_OUT_NOBODY, "0" };
	unsigned n = 5;

	gather(s, SPILLED_GIVEN_UP, GIVE_UP_MAX);
	for (unsigned i = 0; i < s->n_telling; i++)
		words[n++] = s->telling[i]->name;
	words[n++] = "JUSTID";
	log_info("spill", "left to other workers", "packets=%u", s->n_telling);
	s->is_calling = link_command(s->config.link, n, words, on_told_given_up, s) == 0;
}

/* ---- time ---- */

static bool wants_more(const struct spill_out *s, uint64_t now_us)
{
	unsigned n_known = s->n_held + s->n_done + s->n_given_up;

	if (s->is_ending || (s->reads_own && n_known > 0))
		return false;
	if (!s->has_more && now_us < s->next_look_us)
		return false;
	return n_known <= SPILL_OUT_MAX / 2 && s->config.has_room(s->config.arg);
}

void spill_out_turn(struct spill_out *s, uint64_t now_us)
{
	if (s->is_calling || !link_is_up(s->config.link))
		return;
	if (s->n_given_up && now_us >= s->next_tell_us)
		tell_given_up(s);
	else if (s->n_done && now_us >= s->next_tell_us && (s->took_last || !wants_more(s, now_us)))
		tell_done(s);
	else if (wants_more(s, now_us))
		take(s);
}

void spill_out_end(struct spill_out *s)
{
	s->is_ending = true;
}

bool spill_out_is_quiet(const struct spill_out *s)
{
	return !s->n_held && (!(s->n_done + s->n_given_up) || !link_is_up(s->config.link));
}
