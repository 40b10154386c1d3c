/* A look at the pool in Redis. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_look.h"
#include "registry/history_store.h"
#include "registry/journal.h"
#include "registry/leases.h"
#include "registry/overview.h"

#define EVENTS 200   /* in which a lost node is looked for */
#define UNKNOWN (-1) /* the rate an hour ago; spill-max-bytes where no node reports it */

struct seen {
	struct roster *roster; /* borrowed */
	struct reports reports;
	struct history history;
	cJSON *events;
	struct redis_view redis;
	double round_trip_ms;
};

static void seen_deinit(struct seen *seen)
{
	reports_deinit(&seen->reports);
	history_deinit(&seen->history);
	cJSON_Delete(seen->events);
}

/* One node keeps it there. An older one keeps none. */
static int read_history(struct ctl *ctl, struct seen *seen)
{
	const char *const words[] = { "HGET", ctl->keys.names[KEY_PAST], HISTORY_STORE_FIELD };
	struct history_extra extra = { .refused = seen->reports.n_refused };
	redisReply *reply;
	int r = client_command(ctl->client, &reply, ARRAY_LEN(words), words);

	if (r == CLIENT_E_AWAY)
		return r;
	if (r == 0) {
		r = reply->type == REDIS_REPLY_STRING
			    ? history_store_read(reply->str, &seen->history)
			    : 0;
		freeReplyObject(reply);
	}
	if (r < 0)
		return r;
	history_forgive(&seen->history, seen->roster);
	return history_push(&seen->history, seen->roster, &extra, seen->roster->now_ms);
}

/* Whether Redis takes writes can only be told by one: of a key that is never there, which it leaves
 * so. A user who may not write says nothing of Redis. */
static void probe(struct ctl *ctl, struct seen *seen)
{
	char key[KEY_NAME_MAX];
	const char *words[] = { "SET", key, "", "XX" };
	uint64_t start_us = clock_mono_us();
	redisReply *reply;
	enum redis_state state;

	snprintf(key, sizeof(key), "weir:{%s}:probe", ctl->options.pool);
	if (client_command(ctl->client, &reply, ARRAY_LEN(words), words) == 0) {
		freeReplyObject(reply);
		seen->round_trip_ms = (double)(clock_mono_us() - start_us) / US_PER_MS;
		return;
	}
	state = redis_state_of_error(client_error(ctl->client));
	if (state == REDIS_NOPERM)
		return;
	seen->redis.state = state;
	snprintf(seen->redis.error, sizeof(seen->redis.error), "%s", client_error(ctl->client));
}

static int read_all(struct ctl *ctl, struct seen *seen)
{
	int r = reports_read(ctl->client, &ctl->keys, NULL, seen->roster, &seen->reports);

	if (r == 0)
		r = journal_read(ctl->client, &ctl->keys, NULL, EVENTS, &seen->events);
	if (r == 0)
		r = read_history(ctl, seen);
	if (r == 0)
		probe(ctl, seen);
	return r;
}

/* As the nodes report it; they should all have the same. */
static double spill_max_bytes(const struct seen *seen)
{
	double most = UNKNOWN;
	const cJSON *report;

	cJSON_ArrayForEach (report, seen->reports.nodes)
		if (ctl_json_has_number(report, "spill_max_bytes"))
			most = fmax(most, ctl_json_number(report, "spill_max_bytes"));
	return most;
}

static cJSON *make_overview(struct ctl *ctl, const struct seen *seen)
{
	struct overview o = { .pool = ctl->options.pool,
			      .node = "weirctl",
			      .roster = seen->roster,
			      .reports = &seen->reports,
			      .history = &seen->history,
			      .is_current = true,
			      .is_outside = true,
			      .round_trip_ms = seen->round_trip_ms,
			      .redis = seen->redis,
			      .spill_max_bytes = spill_max_bytes(seen),
			      .rate_hour = UNKNOWN,
			      .events = seen->events };

	return overview_json(&o);
}

int ctl_look_at_redis(struct ctl *ctl, struct ctl_look *look, char why[CTL_WHY_SIZE])
{
	struct seen seen CLEANUP(seen_deinit) = { 0 };
	int r = membership_roster(ctl->client, &look->roster);

	if (r == 0)
		r = history_init(&seen.history);
	seen.roster = look->roster;
	if (r == 0)
		r = read_all(ctl, &seen);
	if (r == 0 && !redis_state_takes_writes(seen.redis.state))
		r = leases_forgive(look->roster, NULL);
	if (r == 0) {
		look->overview = make_overview(ctl, &seen);
		r = look->overview ? 0 : -ENOMEM;
	}
	if (r != 0)
		snprintf(why, CTL_WHY_SIZE, "%s",
			 r == CLIENT_E_AWAY || r == CLIENT_E_REPLY ? client_error(ctl->client)
			 : r == MEMBERSHIP_E_ANSWER ? "an answer that is not understood"
						    : strerror(-r));
	return r;
}
