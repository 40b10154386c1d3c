/* Operators send dead letters again, or delete them. */
#include "node/admin/admin_store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"
#include "node/admin/admin_body.h"
#include "registry/dead.h"

#define ENTRIES_MAX 1000

/* Which of them: all, or those of an array of names. */
struct wanted {
	const cJSON *names; /* NULL: all */
	unsigned n;
};

enum { ALL, ENTRIES, FIELDS };
static const struct body_field fields[FIELDS] = {
	[ALL] = { "all", BODY_BOOL, "true or false" },
	[ENTRIES] = { "entries", BODY_LIST, "an array of 1 to 1000 entries, as the list shows them",
		      .min = 1, .max = ENTRIES_MAX },
};

static const char *check_names(const cJSON *names, struct wanted *wanted)
{
	const cJSON *name;

	cJSON_ArrayForEach (name, names)
		if (!cJSON_IsString(name) || !entry_is_name(name->valuestring))
			return ADMIN_NOT_AN_ENTRY;
	wanted->names = names;
	wanted->n = (unsigned)cJSON_GetArraySize(names);
	assert(wanted->n > 0 && wanted->n <= ENTRIES_MAX); /* as the table has it */
	return NULL;
}

static const char *check_wanted(const struct body *body, struct wanted *wanted)
{
	const cJSON *names = body->values[ENTRIES];
	bool is_all = body_is_true(body, ALL);

	if (names && is_all)
		return "give entries, or all, but not both";
	if (!names && !is_all)
		return "give entries (an array of them, as the list shows them), or \"all\": true";
	return names ? check_names(names, wanted) : NULL;
}

static int do_named(struct admin_api *api, struct dead_work *work, const struct wanted *wanted)
{
	const cJSON *name = wanted->names->child;
	int r = 0;

	work->n_total = wanted->n;
	while (r == 0 && name && !work->is_full) {
		const char *chunk[ENTRIES_CHUNK];
		unsigned n = 0;

		for (; name && n < ENTRIES_CHUNK; name = name->next)
			chunk[n++] = name->valuestring;
		work->dead = admin_store_begin(api, KEY_DEAD);
		r = admin_store_end(api, dead_do(work, chunk, n));
	}
	return r;
}

static int do_all(struct admin_api *api, struct dead_work *work)
{
	bool is_over = false;
	int r;

	work->dead = admin_store_begin(api, KEY_DEAD);
	r = admin_store_end(api, dead_begin(work));
	while (r == 0 && !is_over) {
		work->dead = admin_store_begin(api, KEY_DEAD);
		r = admin_store_end(api, dead_step(work, &is_over));
	}
	return r;
}

static int answer(struct front_request *rq, const struct dead_work *work)
{
	bool is_replay = work->deed == DEAD_REPLAY;
	uint64_t n_seen = work->n_done + work->n_missing;
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, is_replay ? "replayed" : "purged", (double)work->n_done);
	cJSON_AddNumberToObject(json, "missing", (double)work->n_missing);
	if (is_replay) {
		cJSON_AddNumberToObject(json, "left",
					work->is_full && work->n_total > n_seen
						? (double)(work->n_total - n_seen)
						: 0);
		cJSON_AddBoolToObject(json, "full", work->is_full);
	}
	return front_send_json(rq, 200, json);
}

static int run(struct admin_api *api, struct front_request *rq, enum dead_deed deed)
{
	struct body body CLEANUP(body_deinit) = { 0 };
	struct dead_work work = { .deed = deed,
				  .spill_max_bytes = api->config.shared->config->spill_max_bytes };
	struct wanted wanted = { 0 };
	char by[ADMIN_BY_SIZE];
	const char *why;
	int r;

	if (!body_read(rq, fields, FIELDS, &body))
		return 400;
	admin_write_by(rq, by);
	work.by = by;
	why = check_wanted(&body, &wanted);
	if (why)
		return admin_bad_field(rq, why);
	r = wanted.names ? do_named(api, &work, &wanted) : do_all(api, &work);
	log_info("admin", deed == DEAD_REPLAY ? "dead letters replayed" : "dead letters purged",
		 "packets=%" PRIu64 " missing=%" PRIu64 " by=%s", work.n_done, work.n_missing, by);
	work.dead = admin_store_begin(api, KEY_DEAD);
	dead_tell(&work);
	admin_store_end(api, 0);
	return r == 0 ? answer(rq, &work) : admin_store_refuse(api, rq, r);
}

int admin_replay_dead(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)id;
	return run(api, rq, DEAD_REPLAY);
}

int admin_purge_dead(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)id;
	return run(api, rq, DEAD_PURGE);
}
