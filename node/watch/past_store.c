#include "node/watch/past_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/watch/past_json.h"

#define FIRST PAST_HOUR /* shorter ones are not stored */
#define MOST_FIELDS (2 * PAST_MOST_POINTS)
#define MOST_STORED 16 /* points in one call */
#define OWN_STEPS 2    /* of which another node may have stored none, as it ended */
#define MINUTE_MS 60000
#define ACCEPTS_AHEAD_MS 1000
#define ASK_AGAIN_MS 20000

static_assert((PAST_RANGES - FIRST) * PAST_MOST_POINTS <= MOST_FIELDS,
	      "all points of all ranges can be asked for at once");

static void write_field(char field[PAST_FIELD_SIZE], unsigned range, uint64_t from_ms)
{
	const struct past_info *info = &past_info[range];

	snprintf(field, PAST_FIELD_SIZE, "%s:%u", info->name,
		 (unsigned)(from_ms / info->step_ms % info->n_points));
}

/* The node of the worker NODE/N against another node, as strcmp. */
static int by_node(const char *worker, const char *node)
{
	size_t len = strcspn(worker, "/");
	int order = strncmp(worker, node, len);

	return order == 0 && node[len] ? -1 : order;
}

bool past_store_is_keeper(const struct past_store *s, const struct roster *roster)
{
	bool is_live = false;

	for (unsigned i = 0; i < roster->n_workers; i++) {
		int order = by_node(roster->workers[i].name, s->node);

		if (order < 0)
			return false;
		is_live |= order == 0;
	}
	return is_live;
}

double past_store_routed(const struct roster *roster)
{
	double routed = roster->gone_routed;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		routed += roster->analyzers[i].routed;
	return routed;
}

bool past_store_wants_reports(struct past_store *s, const struct roster *roster)
{
	uint64_t minute_ms = roster->now_ms - roster->now_ms % MINUTE_MS;
	double routed = past_store_routed(roster);
	bool is_due = s->heard_ms != minute_ms && past_store_is_keeper(s, roster);
	bool has_traffic = routed != s->heard_routed; /* counts, so they are equal or are not */

	if (is_due) {
		s->heard_ms = minute_ms;
		s->heard_routed = routed;
	}
	return is_due && has_traffic;
}

/* ---- getting ---- */

struct question {
	const char *words[2 + MOST_FIELDS];
	char fields[MOST_FIELDS][PAST_FIELD_SIZE];
	enum past_range ranges[MOST_FIELDS];
	unsigned n;
};

static void ask_for(struct past_store *s, struct question *q, enum past_range range,
		    uint64_t now_ms)
{
	const struct past_info *info = &past_info[range];
	uint64_t whole_ms = now_ms - now_ms % info->step_ms;
	uint64_t from_ms = whole_ms - info->n_points * info->step_ms;

	if (from_ms < s->asked_ms[range])
		from_ms = s->asked_ms[range];
	for (; from_ms < whole_ms; from_ms += info->step_ms, q->n++) {
		assert(q->n < MOST_FIELDS);
		write_field(q->fields[q->n], range, from_ms);
		q->ranges[q->n] = range;
		q->words[2 + q->n] = q->fields[q->n];
	}
}

static void take(struct past_store *s, const struct question *q, const redisReply *reply,
		 uint64_t now_ms)
{
	struct past_point point;

	for (unsigned i = 0; i < q->n && i < reply->elements; i++) {
		const redisReply *text = reply->element[i];
		uint64_t step_ms = past_info[q->ranges[i]].step_ms;

		if (text->type != REDIS_REPLY_STRING ||
		    past_point_read(text->str, q->ranges[i], &point) != 0)
			continue;
		if (point.from_ms + step_ms <= now_ms + ACCEPTS_AHEAD_MS)
			past_take(s->past, q->ranges[i], &point);
		else
			free(point.of);
	}
}

/* Points of steps that have just ended may not be stored yet, so they are asked for once more. */
static int get(struct past_store *s, uint64_t now_ms)
{
	struct question q = { .words = { "HMGET", s->keys->names[KEY_PAST] } };
	redisReply *reply;
	int r;

	for (unsigned k = FIRST; k < PAST_RANGES; k++)
		ask_for(s, &q, (enum past_range)k, now_ms);
	if (q.n == 0)
		return 0;
	r = client_command(s->client, &reply, 2 + q.n, q.words);
	if (r != 0)
		return r;
	pthread_mutex_lock(s->lock);
	take(s, &q, reply, now_ms);
	pthread_mutex_unlock(s->lock);
	freeReplyObject(reply);
	for (unsigned k = FIRST; k < PAST_RANGES; k++)
		s->asked_ms[k] = now_ms - now_ms % past_info[k].step_ms - past_info[k].step_ms;
	return 0;
}

/* ---- storing ---- */

struct order {
	const char *words[2 + 2 * MOST_STORED];
	char fields[MOST_STORED][PAST_FIELD_SIZE];
	char *texts[MOST_STORED]; /* owned */
	unsigned n;
};

static bool is_idle(const struct past_point *point)
{
	return point->packets_per_s + point->refused_per_s + point->spilled + point->dead <= 0;
}

/* Under the lock of the past. Returns the begin of the first point that is left for another time. */
static uint64_t order_points(const struct past_store *s, struct order *o, enum past_range range,
			     uint64_t now_ms)
{
	const struct past_info *info = &past_info[range];
	uint64_t whole_ms = now_ms - now_ms % info->step_ms;
	uint64_t from_ms = whole_ms - info->n_points * info->step_ms;

	if (from_ms < s->stored_ms[range])
		from_ms = s->stored_ms[range];
	for (; from_ms < whole_ms && o->n < MOST_STORED; from_ms += info->step_ms) {
		const struct past_point *point = past_at(s->past, range, from_ms);

		if (!point || point->from_ms != from_ms || is_idle(point))
			continue;
		o->texts[o->n] = past_point_text(point);
		if (!o->texts[o->n])
			break;
		write_field(o->fields[o->n], range, from_ms);
		o->words[2 + 2 * o->n] = o->fields[o->n];
		o->words[3 + 2 * o->n] = o->texts[o->n];
		o->n++;
	}
	return from_ms;
}

/* Whether what this node stored last is there no more. The errors of client_command. */
static int is_lost(struct past_store *s, bool *lostp)
{
	const char *const words[] = { "HEXISTS", s->keys->names[KEY_PAST], s->last };
	redisReply *reply;
	int r;

	*lostp = false;
	if (!s->last[0])
		return 0;
	r = client_command(s->client, &reply, ARRAY_LEN(words), words);
	if (r != 0)
		return r;
	*lostp = reply->type == REDIS_REPLY_INTEGER && reply->integer == 0;
	freeReplyObject(reply);
	return 0;
}

/* *lostp: Redis has lost what was stored before. */
static int send_order(struct past_store *s, const struct order *o, bool *lostp)
{
	redisReply *reply;
	int r = is_lost(s, lostp);

	assert(o->n > 0 && o->n <= MOST_STORED); /* the last of them is remembered */
	if (r == 0)
		r = client_command(s->client, &reply, 2 + 2 * o->n, o->words);
	if (r != 0)
		return r;
	freeReplyObject(reply);
	snprintf(s->last, sizeof(s->last), "%s", o->fields[o->n - 1]);
	return 0;
}

/* What is stored once more is stored from the oldest on, some points in each exchange. */
static int store(struct past_store *s, uint64_t now_ms)
{
	struct order o = { .words = { "HSET", s->keys->names[KEY_PAST] } };
	uint64_t next_ms[PAST_RANGES];
	bool is_gone = false;
	int r = 0;

	pthread_mutex_lock(s->lock);
	for (unsigned k = FIRST; k < PAST_RANGES; k++)
		next_ms[k] = order_points(s, &o, (enum past_range)k, now_ms);
	pthread_mutex_unlock(s->lock);
	if (o.n)
		r = send_order(s, &o, &is_gone);
	for (unsigned i = 0; i < o.n; i++)
		cJSON_free(o.texts[i]);
	for (unsigned k = FIRST; k < PAST_RANGES && r == 0; k++)
		s->stored_ms[k] = is_gone ? 0 : next_ms[k];
	return r;
}

/* Another node stores them; should it end, this one goes on. */
static void leave_to_another(struct past_store *s, uint64_t now_ms)
{
	for (unsigned k = FIRST; k < PAST_RANGES; k++)
		s->stored_ms[k] =
			now_ms - now_ms % past_info[k].step_ms - OWN_STEPS * past_info[k].step_ms;
}

/* Where the clock went back, as points do: what was stored and asked for then is of the future. */
static void follow_clock(struct past_store *s, uint64_t now_ms)
{
	for (unsigned k = FIRST; k < PAST_RANGES; k++) {
		uint64_t whole_ms = now_ms - now_ms % past_info[k].step_ms;

		if (s->asked_ms[k] > whole_ms)
			s->asked_ms[k] = whole_ms;
		if (s->stored_ms[k] > whole_ms)
			s->stored_ms[k] = whole_ms;
	}
	if (s->ask_again_ms > now_ms + ASK_AGAIN_MS)
		s->ask_again_ms = now_ms + ASK_AGAIN_MS;
}

int past_store_exchange(struct past_store *s, const struct roster *roster, bool is_seen)
{
	const uint64_t now_ms = roster->now_ms, day_ms = 86400000;
	bool is_first = s->asked_ms[FIRST] == 0;
	bool is_own = past_store_is_keeper(s, roster);
	int r = 0;

	if (now_ms < day_ms)
		return 0; /* no time from which six hours can be taken */
	follow_clock(s, now_ms);
	if (is_first || (is_seen && !is_own && now_ms >= s->ask_again_ms)) {
		r = get(s, now_ms);
		s->ask_again_ms = now_ms + ASK_AGAIN_MS;
	}
	if (r != 0)
		return r;
	if (!is_own || is_first) {
		leave_to_another(s, now_ms);
		return 0;
	}
	return store(s, now_ms);
}
