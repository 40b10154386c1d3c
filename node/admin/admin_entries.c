/* What is in the spill and among the dead letters: lists without bodies, and one entry with its. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/admin/admin_store.h"
#include "registry/entry_body.h"
#include "registry/spill_state.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000
#define BODY_MAX (1 << 20) /* of a body that is shown */

static_assert(LIMIT_DEFAULT <= LIMIT_MAX && LIMIT_MAX <= 9999, "a limit has at most four digits");

/* Of a stream: which end comes first, and how to ask for what follows an entry. */
struct listing {
	enum registry_key stream;
	bool is_backward;
	const char *follows; /* name of the parameter */
};
static const struct listing dead_listing = { KEY_DEAD, true, "before" };
static const struct listing spill_listing = { KEY_SPILL, false, "after" };

struct query {
	unsigned limit;
	char from[SPILL_ENTRY_NAME_MAX + 1];
};

/* NULL: fine. */
static const char *read_query(struct front_request *rq, const struct listing *listing,
			      struct query *query)
{
	char text[SPILL_ENTRY_NAME_MAX];
	int r = front_parameter(rq, "limit", text, sizeof(text));

	query->limit = LIMIT_DEFAULT;
	if (r < 0 || (r > 0 && (strlen(text) > 4 || strspn(text, "0123456789") != strlen(text) ||
				atoi(text) < 1 || atoi(text) > LIMIT_MAX)))
		return "limit must be a whole number from 1 to 1000";
	if (r > 0)
		query->limit = (unsigned)atoi(text);
	snprintf(query->from, sizeof(query->from), listing->is_backward ? "+" : "-");
	r = front_parameter(rq, listing->follows, text, sizeof(text));
	if (r < 0 || (r > 0 && !entry_is_name(text)))
		return "before and after must be an entry, as the list shows them: "
		       "1763730000000-0";
	if (r > 0)
		snprintf(query->from, sizeof(query->from), "(%s", text);
	return NULL;
}

/* As everywhere, but for its own id, which the stream of packets calls so too. */
static cJSON *shown(const struct listing *listing, const redisReply *entry, uint64_t now_ms)
{
	cJSON *json = entry_json(listing->stream, entry);
	uint64_t ms = entry_ms(entry->element[0]->str);

	cJSON_AddItemToObject(json, "id",
			      cJSON_DetachItemFromObjectCaseSensitive(json, "packet_id"));
	cJSON_AddNumberToObject(json, "age_ms", now_ms > ms ? (double)(now_ms - ms) : 0);
	return json;
}

/* The next entries behind query->from, which goes on; *overp: there are no more. */
static int add_some(struct admin_api *api, const struct listing *listing, struct query *query,
		    uint64_t now_ms, cJSON *list, bool *overp)
{
	struct entries e = admin_store_begin(api, listing->stream);
	const struct entries_range range = { .is_backward = listing->is_backward,
					     .from = query->from,
					     .to = listing->is_backward ? "-" : "+",
					     .n = query->limit < ENTRIES_CHUNK ? query->limit
									       : ENTRIES_CHUNK };
	redisReply *reply AUTO_REPLY = NULL;
	int r = admin_store_end(api, entries_read(&e, &range, &reply));
	size_t n = r == 0 ? reply->elements : 0;

	assert(query->limit > 0); /* else it was over before */
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(list, shown(listing, reply->element[i], now_ms));
	if (n > 0)
		snprintf(query->from, sizeof(query->from), "(%s",
			 reply->element[n - 1]->element[0]->str);
	query->limit -= (unsigned)n;
	*overp = n == 0 || query->limit == 0;
	return r;
}

/* Answers with json, which it takes, and the entries. */
static int answer_list(struct admin_api *api, struct front_request *rq,
		       const struct listing *listing, struct query *query, uint64_t now_ms,
		       cJSON *json)
{
	cJSON *list = cJSON_AddArrayToObject(json, "entries");
	bool is_over = false;
	int r = 0;

	while (r == 0 && !is_over)
		r = add_some(api, listing, query, now_ms, list, &is_over);
	if (r == 0)
		return front_send_json(rq, 200, json);
	cJSON_Delete(json);
	return admin_store_refuse(api, rq, r);
}

int admin_list_dead(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct query query;
	const char *why = read_query(rq, &dead_listing, &query);
	struct entries e;
	uint64_t n = 0, now_ms = 0;
	cJSON *json;
	int r;

	(void)id;
	if (why)
		return admin_bad_field(rq, why);
	e = admin_store_begin(api, KEY_DEAD);
	r = entries_count(&e, &n);
	if (r == 0)
		r = entries_now_ms(&e, &now_ms);
	r = admin_store_end(api, r);
	if (r != 0)
		return admin_store_refuse(api, rq, r);
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "packets", (double)n);
	return answer_list(api, rq, &dead_listing, &query, now_ms, json);
}

static void add_taken(const struct spill_state *s, cJSON *json)
{
	cJSON *list = cJSON_AddArrayToObject(json, "taken"), *c;

	for (size_t i = 0; i < s->n_consumers; i++) {
		cJSON_AddItemToArray(list, c = cJSON_CreateObject());
		cJSON_AddStringToObject(c, "worker", s->consumers[i].name);
		cJSON_AddNumberToObject(c, "packets", (double)s->consumers[i].n_taken);
		cJSON_AddBoolToObject(c, "live", s->consumers[i].is_live);
	}
}

int admin_list_spill(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct spill_state state CLEANUP(spill_state_deinit) = { 0 };
	struct query query;
	const char *why = read_query(rq, &spill_listing, &query);
	struct entries e;
	cJSON *json;
	int r;

	(void)id;
	if (why)
		return admin_bad_field(rq, why);
	e = admin_store_begin(api, KEY_SPILL);
	r = admin_store_end(api, spill_state_read(&e, &state));
	if (r != 0)
		return admin_store_refuse(api, rq, r);
	json = cJSON_CreateObject();
	spill_state_add_totals(&state, json);
	add_taken(&state, json);
	return answer_list(api, rq, &spill_listing, &query, state.now_ms, json);
}

static int show(struct admin_api *api, struct front_request *rq, const struct listing *listing,
		const char *name)
{
	const struct entries_range range = {
		.from = name, .to = name, .n = 1, .body_bytes = BODY_MAX
	};
	struct entries e;
	redisReply *reply AUTO_REPLY = NULL;
	uint64_t now_ms = 0;
	cJSON *json;
	int r;

	if (!entry_is_name(name))
		return admin_bad_field(rq, ADMIN_NOT_AN_ENTRY);
	e = admin_store_begin(api, listing->stream);
	r = entries_now_ms(&e, &now_ms);
	if (r == 0)
		r = entries_read(&e, &range, &reply);
	r = admin_store_end(api, r);
	if (r != 0)
		return admin_store_refuse(api, rq, r);
	assert(reply); /* entries_read gave 0 */
	if (reply->elements == 0)
		return admin_refuse(
			rq, 404, "unknown_entry",
			"No such entry: it was taken out meanwhile, or never was there.", NULL);
	json = shown(listing, reply->element[0], now_ms);
	entry_add_body(reply->element[0], json);
	return front_send_json(rq, 200, json);
}

int admin_get_dead(struct admin_api *api, struct front_request *rq, const char *entry)
{
	return show(api, rq, &dead_listing, entry);
}

int admin_get_spill(struct admin_api *api, struct front_request *rq, const char *entry)
{
	return show(api, rq, &spill_listing, entry);
}
