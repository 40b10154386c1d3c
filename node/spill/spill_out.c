#include "node/spill/spill_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/packet/packet_form.h"
#include "node/packet/suspicion.h"
#include "registry/scripts.h"

#define TAKE_MAX_PACKETS 128
#define TAKE_MAX_BYTES (256u << 10)
#define FETCH_AGAIN_US 1000000 /* after a body that could not be fetched */
#define GIVE_UP_MAX 64         /* in one call */
#define BEAT_US 1000000 /* others take over what this worker has if it does not call for long */
#define LOOK_US 1000000 /* where there was nothing, look again after that, +-20 % */
#define RETRY_US 100000 /* what Redis did not want to hear is told again after that */

static void look_later(struct spill_out *s)
{
	s->next_look_us = clock_mono_us() + LOOK_US / 100 * rng_range(&s->rng, 80, 120);
}

static void on_fetched(void *arg, enum spill_fetch_result result, struct packet *p);

void spill_out_init(struct spill_out *s, const struct spill_out_config *config)
{
	struct spill_fetch_config fetch = { .link = config->bulk,
					    .memory = config->memory,
					    .keys = config->keys,
					    .on_end = on_fetched,
					    .arg = s };

	memset(s, 0, sizeof(*s));
	s->config = *config;
	spill_fetch_init(&s->fetch, &fetch);
	spill_out_read_own(s); /* of a former run under this name */
	rng_init(&s->rng, 0);
	look_later(s);
}

static unsigned count(const struct spill_out *s, enum spilled_state state)
{
	return s->lists[state].n;
}

static void show(const struct spill_out *s)
{
	metrics_set(s->config.metrics, M_SPILL_HELD_PACKETS, 0, count(s, SPILLED_HELD));
}

/* ---- entries ---- */

static void link_entry(struct spill_out *s, struct spilled *e)
{
	e->next = NULL;
	e->prev = s->lists[e->state].last;
	*(e->prev ? &e->prev->next : &s->lists[e->state].first) = e;
	s->lists[e->state].last = e;
	s->lists[e->state].n++;
}

static void unlink_entry(struct spill_out *s, struct spilled *e)
{
	assert(s->lists[e->state].n > 0);
	*(e->prev ? &e->prev->next : &s->lists[e->state].first) = e->next;
	*(e->next ? &e->next->prev : &s->lists[e->state].last) = e->prev;
	s->lists[e->state].n--;
}

static void set_state(struct spill_out *s, struct spilled *e, enum spilled_state state)
{
	assert(e->state == SPILLED_LARGE || (e->state == SPILLED_HELD && state > SPILLED_HELD));
	unlink_entry(s, e);
	e->state = state;
	link_entry(s, e);
	show(s);
}

/* LARGE or HELD from now on. NULL: out of memory. */
static struct spilled *new_entry(struct spill_out *s, const char *name, enum spilled_state state,
				 bool is_adopted)
{
	struct spilled *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	strncpy(e->name, name, sizeof(e->name) - 1);
	e->state = state;
	e->is_adopted = is_adopted;
	e->taken_us = clock_mono_us();
	*(is_adopted ? &s->n_adopted : &s->n_taken) += 1;
	link_entry(s, e);
	show(s);
	return e;
}

static void free_entry(struct spill_out *s, struct spilled *e)
{
	unsigned *np = e->is_adopted ? &s->n_adopted : &s->n_taken;

	assert(*np > 0);
	*np -= 1;
	unlink_entry(s, e);
	free(e->via);
	free(e->form);
	free(e);
	show(s);
}

static bool is_known(const struct spill_out *s, const char *name)
{
	for (enum spilled_state state = 0; state < SPILLED_STATES; state++)
		for (const struct spilled *e = s->lists[state].first; e; e = e->next)
			if (strcmp(e->name, name) == 0)
				return true;
	return false;
}

struct spilled *spill_out_adopt(struct spill_out *s, const char *name, uint32_t n_messages,
				uint64_t cost_bytes)
{
	struct spilled *e = new_entry(s, name, SPILLED_HELD, true);

	if (!e) {
		spill_out_read_own(s);
		return NULL;
	}
	e->n_messages = n_messages;
	e->cost_bytes = cost_bytes;
	return e;
}

void spill_out_drop(struct spill_out *s, struct spilled *entry)
{
	set_state(s, entry, SPILLED_DONE);
}

void spill_out_read_own(struct spill_out *s)
{
	s->reads_own = true;
	s->own_again = s->is_calling && s->asked_own;
	strcpy(s->own_after, "0");
}

void spill_out_deinit(struct spill_out *s)
{
	spill_fetch_deinit(&s->fetch);
	for (enum spilled_state state = 0; state < SPILLED_STATES; state++)
		while (s->lists[state].first)
			free_entry(s, s->lists[state].first);
}

/* ---- out of the stream ---- */

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
	if (packet_restore_form(s->config.memory, p, entry->form) == 0)
		return p;
	packet_free_within(s->config.memory, p);
	return NULL;
}

/* The body of a HELD entry is there. */
static void hand_over(struct spill_out *s, struct spilled *e, struct packet *p)
{
	p->n_messages = e->n_messages;
	p->received_us = e->received_us;
	p->spilled = e;
	suspicion_restore(p, e->n_failures);
	packet_give_via(p, e->via);
	e->via = NULL;
	s->config.on_packet(s->config.arg, p);
}

/* False: there is no room for it now; it stands under this worker's name. */
static bool hold(struct spill_out *s, const struct spill_entry *entry)
{
	bool is_large = entry->len == 0, has_room = s->n_taken < SPILL_OUT_MAX;
	struct packet *p = has_room && !is_large ? copy_packet(s, entry) : NULL;
	struct spilled *e;
	char *form;

	if (!has_room || (!p && !is_large))
		return false;
	form = is_large ? strdup(entry->form) : NULL;
	e = is_large && !form
		    ? NULL
		    : new_entry(s, entry->name, is_large ? SPILLED_LARGE : SPILLED_HELD, false);
	if (!e) {
		free(form);
		packet_free_within(s->config.memory, p);
		return false;
	}
	e->form = form;
	e->n_messages = entry->n_messages;
	e->cost_bytes = entry->cost_bytes;
	e->n_failures = entry->n_failures;
	e->via = entry->via[0] ? strdup(entry->via) : NULL;
	e->received_us = received_us(entry->received_ms);
	if (p)
		hand_over(s, e, p);
	return true;
}

/* False: there is no room for it now. */
static bool take_entry(struct spill_out *s, const struct spill_entry *entry)
{
	bool is_known_own = s->asked_own && is_known(s, entry->name);

	if (!is_known_own && !hold(s, entry))
		return false;
	if (s->asked_own && !s->own_again)
		strcpy(s->own_after, entry->name);
	return true;
}

static void on_taken(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;
	struct spill_taken taken;
	struct spill_entry entry;

	s->has_more = false;
	look_later(s);
	s->is_calling = false;
	if (spill_take_answer(reply, &taken) != 0) {
		spill_out_read_own(s); /* it may have been carried out */
		return;
	}
	if (s->asked_own)
		s->reads_own = taken.n > 0 || s->own_again;
	/* where nothing came, others may hold all that is left */
	s->has_more = taken.n > 0 || (s->asked_own && taken.n_in_spill > 0);
	if (taken.n_claimed) {
		log_warn("spill", "took over what another worker had taken", "packets=%u",
			 taken.n_claimed);
		metrics_add(s->config.metrics, M_SPILL_CLAIMED_PACKETS, 0, taken.n_claimed);
	}
	while (spill_taken_next(&taken, &entry)) {
		if (take_entry(s, &entry))
			continue;
		if (!s->asked_own)
			spill_out_read_own(s);
		s->has_more = false;
		break;
	}
	s->own_again = false;
}

static void take(struct spill_out *s, uint64_t now_us)
{
	bool has_room = s->config.has_room(s->config.arg);
	unsigned n_free = SPILL_OUT_MAX - s->n_taken;
	unsigned n = n_free < TAKE_MAX_PACKETS ? n_free : TAKE_MAX_PACKETS;
	struct script_args args = { 0 };

	s->next_beat_us = now_us + BEAT_US;
	if (s->reads_own)
		spill_take_own_after(&args, s->config.worker, n, TAKE_MAX_BYTES, s->own_after);
	else
		spill_take_args(&args, s->config.worker, n, TAKE_MAX_BYTES, false);
	spill_take_name_large(&args, has_room ? SPILL_LARGE_BYTES : 0);
	s->took_last = true;
	s->asked_own = s->reads_own;
	s->is_calling = link_call(s->config.link, SCRIPT_SPILL_TAKE, &args, on_taken, s) == 0;
}

static void on_beaten(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;

	(void)reply; /* it is told again in a second */
	s->is_calling = false;
}

/* A worker that has enough does not take, and lives all the same. */
static void beat(struct spill_out *s, uint64_t now_us)
{
	struct script_args args;

	s->next_beat_us = now_us + BEAT_US;
	spill_take_args(&args, s->config.worker, 0, 0, false);
	s->is_calling = link_call(s->config.link, SCRIPT_SPILL_TAKE, &args, on_beaten, s) == 0;
}

/* ---- large ones ---- */

/* Its body cannot be had now. */
static void put_behind(struct spill_out *s, struct spilled *e, uint64_t now_us)
{
	if (s->is_ending || now_us - e->taken_us >= SPILL_OUT_GIVE_UP_US) {
		set_state(s, e, SPILLED_GIVEN_UP);
		return;
	}
	unlink_entry(s, e);
	link_entry(s, e);
}

static void on_fetched(void *arg, enum spill_fetch_result result, struct packet *p)
{
	struct spill_out *s = arg;
	struct spilled *e = s->fetching;
	uint64_t now_us = clock_mono_us();

	if (result == SPILL_FETCHED && e->form &&
	    packet_restore_form(s->config.memory, p, e->form) != 0) {
		packet_free_within(s->config.memory, p);
		result = SPILL_FETCH_FAILED;
	}
	s->fetching = NULL;
	if (result == SPILL_FETCH_FAILED) {
		s->next_fetch_us = now_us + FETCH_AGAIN_US;
		put_behind(s, e, now_us);
	} else if (result == SPILL_FETCH_GONE) {
		set_state(s, e, SPILLED_DONE);
	} else {
		e->taken_us = now_us;
		set_state(s, e, SPILLED_HELD);
		hand_over(s, e, p);
	}
}

/* While this worker fetches one after the other, the last one may wait for long. */
static void give_up_idle(struct spill_out *s, uint64_t now_us)
{
	struct spilled *e;

	if (now_us - s->fetched_us < SPILL_OUT_GIVE_UP_US)
		return;
	while ((e = s->lists[SPILLED_LARGE].first) && now_us - e->taken_us >= SPILL_OUT_GIVE_UP_US)
		set_state(s, e, SPILLED_GIVEN_UP);
}

static void fetch(struct spill_out *s, uint64_t now_us)
{
	struct spilled *e;

	if (s->fetching || !link_is_up(s->config.link)) { /* nobody else hears of them either */
		s->fetched_us = now_us;
		return;
	}
	give_up_idle(s, now_us);
	e = s->lists[SPILLED_LARGE].first;
	if (!e || now_us < s->next_fetch_us || !link_is_up(s->config.bulk) ||
	    !s->config.has_room(s->config.arg))
		return;
	s->fetching = e;
	s->fetched_us = now_us;
	if (spill_fetch_start(&s->fetch, e->name, e->cost_bytes))
		return;
	s->fetching = NULL;
	s->next_fetch_us = now_us + RETRY_US;
	put_behind(s, e, now_us);
}

/* ---- what becomes of it ---- */

static void on_noted(void *arg UNUSED, const redisReply *reply UNUSED)
{
}

/* Where Redis does not hear it, who takes the packet over counts from fewer. */
void spill_out_note_failures(struct spill_out *s, const struct packet *p)
{
	char field[SPILL_ENTRY_NAME_MAX + 16], count[16];
	const char *words[] = { "HSET", s->config.keys->names[KEY_SPILL_TOTAL], field, count };

	snprintf(field, sizeof(field), "failures:%s", p->spilled->name);
	snprintf(count, sizeof(count), "%u", suspicion_n_failures(p));
	if (!link_is_up(s->config.link) ||
	    link_command(s->config.link, ARRAY_LEN(words), words, on_noted, s) != 0)
		log_debug("spill", "failures are not noted", "entry=%s", p->spilled->name);
}

static void end(struct spill_out *s, struct packet *p, enum spilled_state state)
{
	set_state(s, p->spilled, state);
	p->spilled = NULL;
}

void spill_out_done(struct spill_out *s, struct packet *p)
{
	end(s, p, SPILLED_DONE);
}

void spill_out_give_up(struct spill_out *s, struct packet *p)
{
	end(s, p, SPILLED_GIVEN_UP);
}

void spill_out_leave(struct spill_out *s, struct packet *p)
{
	free_entry(s, p->spilled);
	p->spilled = NULL;
	spill_out_read_own(s);
}

/* Without an answer it is told once more. */
static void end_telling(struct spill_out *s, bool is_told)
{
	assert(s->is_calling);
	s->is_calling = false;
	for (unsigned i = 0; is_told && i < s->n_telling; i++)
		free_entry(s, s->telling[i]);
	if (!is_told)
		s->next_tell_us = clock_mono_us() + RETRY_US;
	s->n_telling = 0;
}

static void on_told_done(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;
	struct spill_left left;

	end_telling(s, spill_done_answer(reply, &left) == 0);
}

static void on_told_given_up(void *arg, const redisReply *reply)
{
	struct spill_out *s = arg;
	bool is_unknown = !reply && link_is_up(s->config.link); /* to Redis: it was emptied */

	if (is_unknown) /* what is there all the same is read again */
		spill_out_read_own(s);
	end_telling(s, reply || is_unknown);
}

static void gather(struct spill_out *s, enum spilled_state state, unsigned max)
{
	s->n_telling = 0;
	for (struct spilled *e = s->lists[state].first; e && s->n_telling < max; e = e->next)
		s->telling[s->n_telling++] = e;
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

/* What stands under this worker's name is read also without room, as it may have to be given up. */
static bool wants_more(const struct spill_out *s, uint64_t now_us)
{
	if (s->is_ending)
		return false;
	if (!s->has_more && now_us < s->next_look_us)
		return false;
	return s->n_taken <= SPILL_OUT_MAX / 2 &&
	       (s->reads_own || s->config.has_room(s->config.arg));
}

void spill_out_turn(struct spill_out *s, uint64_t now_us)
{
	fetch(s, now_us);
	if (s->is_calling || !link_is_up(s->config.link))
		return;
	if (now_us >= s->next_beat_us && !wants_more(s, now_us))
		beat(s, now_us);
	else if (count(s, SPILLED_GIVEN_UP) && now_us >= s->next_tell_us)
		tell_given_up(s);
	else if (count(s, SPILLED_DONE) && now_us >= s->next_tell_us &&
		 (s->took_last || !wants_more(s, now_us)))
		tell_done(s);
	else if (wants_more(s, now_us))
		take(s, now_us);
}

void spill_out_end(struct spill_out *s)
{
	struct spilled *next;

	s->is_ending = true;
	for (struct spilled *e = s->lists[SPILLED_LARGE].first; e; e = next) {
		next = e->next;
		if (e != s->fetching)
			set_state(s, e, SPILLED_GIVEN_UP);
	}
}

bool spill_out_is_quiet(const struct spill_out *s)
{
	return !s->fetching && !count(s, SPILLED_HELD) &&
	       (!(count(s, SPILLED_DONE) + count(s, SPILLED_GIVEN_UP)) ||
		!link_is_up(s->config.link));
}
