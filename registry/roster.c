#include "registry/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json/json_get.h"
#include "common/json/json_read.h"
#include "common/log.h"
#include "registry/analyzer_headers.h"

const char *const analyzer_state_names[] = { "active", "draining", "disabled", NULL };
const char *const analyzer_health_names[] = { "up", "suspect", "down", NULL };
const char *const analyzer_accepts_names[] = { "batch", "packet", "request", NULL };
const char *const analyzer_encoding_names[] = { "identity", "gzip", NULL };

#define TTL_MOST_MS 600000
#define GRACE_MS 5000 /* a lease that ended while Redis was away, as in lua/lib/elect.lua */
#define HELD_BACK_MOST_MS 60000       /* as in lua/lib/clock.lua */
#define EXACT_MOST 9007199254740992.0 /* 2^53 */
#define DEFAULT_BATCH_PACKETS 256
#define DEFAULT_BATCH_BYTES 1048576

int roster_name_index(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double count(const cJSON *object, const char *name)
{
	return accounts_number(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* What anybody may have written, and a clock that was set back: no time is longer than its own. */
static double within(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

static void text(const cJSON *object, const char *name, char *out, size_t size)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	size_t len = value ? strnlen(value, size - 1) : 0;

	if (len)
		memcpy(out, value, len);
	out[len] = '\0';
}

static int name_index(const cJSON *object, const char *field, const char *const *names)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, field));
	int i = value ? roster_name_index(names, value) : -1;

	return i < 0 ? 0 : i;
}

/* Where everybody is held back, all have their shares after all. */
static int64_t held_back_ms(const struct analyzer *a, const cJSON *info, double now_ms)
{
	double since_ms = number(info, "since_ms");

	if (a->state != ANALYZER_ACTIVE || a->lease_ms <= 0 || a->share > 0 || since_ms <= now_ms)
		return 0;
	return (int64_t)within(since_ms - now_ms, 0, HELD_BACK_MOST_MS);
}

/* Anybody who writes to Redis may have put it there. */
static void leave_out(struct roster *r, const char *what, const char *name, unsigned n)
{
	if (r->n_left_out == 0)
		snprintf(r->left_out, sizeof(r->left_out), "%s %.64s", what, name);
	for (char *c = r->left_out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	r->n_left_out += n;
}

/* 0, or -ENOMEM. */
static int parse_headers(struct roster *r, struct analyzer *a, const cJSON *object)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	const char *why = analyzer_headers_read(object, &lines);

	if (lines.failed)
		return -ENOMEM;
	if (why)
		leave_out(r, "headers of", a->id, 1);
	if (why || lines.len == 0)
		return 0;
	a->headers = strdup(buf_str(&lines));
	return a->headers ? 0 : -ENOMEM;
}

/* 0, or -ENOMEM. */
static int parse_info(struct roster *r, struct analyzer *a, const cJSON *entry, double now_ms)
{
	int64_t packets = DEFAULT_BATCH_PACKETS, bytes = DEFAULT_BATCH_BYTES;
	const char *json = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "info"));
	cJSON *info = json_read_text(json);
	int error;

	a->info = strdup(json ? json : "{}");
	a->accepts = (enum analyzer_accepts)name_index(info, "accepts", analyzer_accepts_names);
	text(info, "instance", a->instance, sizeof(a->instance));
	text(info, "fault", a->fault, sizeof(a->fault));
	text(info, "version", a->version, sizeof(a->version));
	text(info, "source", a->source, sizeof(a->source));
	text(info, "delivery_token", a->delivery_token, sizeof(a->delivery_token));
	error = parse_headers(r, a, cJSON_GetObjectItemCaseSensitive(info, "headers"));
	a->encoding = (enum analyzer_encoding)name_index(info, "encoding", analyzer_encoding_names);
	a->revision = (uint64_t)within(number(info, "revision"), 0, EXACT_MOST);
	a->ttl_ms = (int64_t)within(number(info, "ttl_ms"), 0, TTL_MOST_MS);
	if (a->ttl_ms > 0)
		a->lease_ms =
			(int64_t)within((double)a->lease_ms, -EXACT_MOST,
					(double)(a->ttl_ms > GRACE_MS ? a->ttl_ms : GRACE_MS));
	a->held_back_ms = held_back_ms(a, info, now_ms);
	const char *declared =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "declared"));
	a->declared = declared ? atof(declared) : 0;
	if (json_get_int(info, "max_batch_packets", 1, 65536, &packets) != 0)
		packets = DEFAULT_BATCH_PACKETS;
	if (json_get_int(info, "max_batch_bytes", 1, 1 << 30, &bytes) != 0)
		bytes = DEFAULT_BATCH_BYTES;
	a->max_batch_packets = a->accepts != ACCEPTS_BATCH ? 1 : (unsigned)packets;
	a->max_batch_bytes = (size_t)bytes;
	cJSON_Delete(info);
	return a->info ? error : -ENOMEM;
}

bool roster_is_id(const char *id)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(id);

	return len > 0 && len <= ANALYZER_ID_MAX && strspn(id, allowed) == len;
}

bool roster_is_token(const char *token)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
	size_t len = strlen(token);

	return len >= DELIVERY_TOKEN_MIN && len <= DELIVERY_TOKEN_MAX &&
	       strspn(token, allowed) == len;
}

void roster_write_headers(const struct analyzer *a, struct buf *out)
{
	static const struct http_slice own = { "Authorization", sizeof("Authorization") - 1 };

	if (a->headers)
		buf_append_str(out, a->headers);
	if (a->delivery_token[0] && !header_lines_have(a->headers, own))
		buf_printf(out, "Authorization: Bearer %s\r\n", a->delivery_token);
}

/* Where an analyzer is. Whatever else is wrong with it shows when a connection is made. */
static bool is_printable(const char *url)
{
	for (; *url; url++)
		if (*url <= ' ' || *url > '~')
			return false;
	return true;
}

static int parse_analyzer(struct roster *r, struct analyzer *a, const cJSON *entry, double now_ms)
{
	double slot = number(entry, "slot");

	if (slot < 0 || slot >= ROSTER_MAX_SLOTS)
		return ROSTER_E_FORMAT;
	a->slot = (unsigned)slot;
	text(entry, "id", a->id, sizeof(a->id));
	text(entry, "url", a->url, sizeof(a->url));
	a->weight = number(entry, "weight");
	a->share = number(entry, "share");
	a->state = (enum analyzer_state)name_index(entry, "state", analyzer_state_names);
	a->health = (enum analyzer_health)name_index(entry, "health", analyzer_health_names);
	a->lease_ms = (int64_t)within(number(entry, "lease_ms"), -EXACT_MOST, TTL_MOST_MS);
	a->credit = number(entry, "credit");
	a->routed = count(entry, "routed");
	a->delivered = count(entry, "delivered");
	a->delivered_packets = count(entry, "delivered_packets");
	a->forgiven = count(entry, "forgiven");
	a->processed = count(entry, "processed");
	return parse_info(r, a, entry, now_ms);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct analyzer *)a)->id, ((const struct analyzer *)b)->id);
}

/* What roster.lua never gives: its own scripts could not have registered it. */
static bool is_odd(const struct roster *r, const struct analyzer *a, const char *id,
		   bool is_slot_taken)
{
	return !id || !roster_is_id(id) || !is_printable(a->url) || a->slot >= r->n_slots ||
	       is_slot_taken;
}

static int parse_analyzers(struct roster *r, const cJSON *list, double now_ms)
{
	bool is_taken[ROSTER_MAX_SLOTS] = { false };
	const cJSON *entry;
	int n = cJSON_GetArraySize(list), error = 0;

	r->analyzers = calloc((size_t)n + 1, sizeof(*r->analyzers));
	if (!r->analyzers)
		return -ENOMEM;
	cJSON_ArrayForEach (entry, list) {
		struct analyzer *a = &r->analyzers[r->n_analyzers++];
		const char *id =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "id"));

		error = parse_analyzer(r, a, entry, now_ms);
		if (error != 0)
			return error;
		if (is_odd(r, a, id, is_taken[a->slot])) {
			leave_out(r, "analyzer", id ? id : "without an id", 1);
			free(a->info);
			free(a->headers);
			*a = (struct analyzer){ 0 };
			r->n_analyzers--;
			continue;
		}
		is_taken[a->slot] = true;
		if (a->delivery_token[0] && !roster_is_token(a->delivery_token)) {
			leave_out(r, "delivery token of", id, 1);
			a->delivery_token[0] = '\0';
		}
	}
	qsort(r->analyzers, r->n_analyzers, sizeof(*r->analyzers), by_id);
	for (unsigned i = 0; i < r->n_analyzers; i++)
		r->by_slot[r->analyzers[i].slot] = &r->analyzers[i];
	return 0;
}

static int parse_workers(struct roster *r, const cJSON *list)
{
	const cJSON *entry;

	r->workers = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*r->workers));
	if (!r->workers)
		return -ENOMEM;
	cJSON_ArrayForEach (entry, list) {
		struct roster_worker *w = &r->workers[r->n_workers++];
		const char *json =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "info"));
		cJSON *info = json_read_text(json);

		text(entry, "worker", w->name, sizeof(w->name));
		const char *cut = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(entry, "unreachable"));
		w->unreachable = strdup(cut ? cut : "");
		text(info, "mode", w->mode, sizeof(w->mode));
		text(info, "mark", w->mark, sizeof(w->mark));
		cJSON_Delete(info);
		if (!w->unreachable)
			return -ENOMEM;
		if (!is_printable(w->name) || !is_printable(w->mode)) {
			leave_out(r, "worker", w->name, 1);
			free(w->unreachable);
			*w = (struct roster_worker){ 0 };
			r->n_workers--;
		}
	}
	return 0;
}

static void parse_gone(struct roster *r, const cJSON *list, const cJSON *retired)
{
	const cJSON *entry;

	cJSON_ArrayForEach (entry, list) {
		r->gone_routed += count(entry, "routed");
		r->gone_delivered += count(entry, "delivered");
		r->gone_delivered_packets += count(entry, "delivered_packets");
		r->gone_processed += count(entry, "processed");
	}
	if (cJSON_GetArraySize(retired) >= 3) {
		r->gone_routed += accounts_number(cJSON_GetArrayItem(retired, 0));
		r->gone_delivered += accounts_number(cJSON_GetArrayItem(retired, 1));
		r->gone_delivered_packets += accounts_number(cJSON_GetArrayItem(retired, 2));
	}
}

static int fill(struct roster *r, const cJSON *json)
{
	const cJSON *spill = cJSON_GetObjectItemCaseSensitive(json, "spill");
	const char *left_out =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "left_out"));
	double n_slots = number(json, "slots");
	int error;

	if (!cJSON_IsObject(json) || !(n_slots >= 0 && n_slots <= ROSTER_MAX_SLOTS))
		return ROSTER_E_FORMAT;
	r->epoch = (uint64_t)within(number(json, "epoch"), 0, EXACT_MOST);
	r->now_ms = (uint64_t)within(number(json, "now_ms"), 0, EXACT_MOST);
	r->n_slots = (unsigned)n_slots;
	error = parse_analyzers(r, cJSON_GetObjectItemCaseSensitive(json, "analyzers"),
				number(json, "now_ms"));
	if (error == 0)
		error = parse_workers(r, cJSON_GetObjectItemCaseSensitive(json, "workers"));
	parse_gone(r, cJSON_GetObjectItemCaseSensitive(json, "gone"),
		   cJSON_GetObjectItemCaseSensitive(json, "retired"));
	r->spill.packets = number(spill, "packets");
	r->spill.messages = number(spill, "messages");
	r->spill.bytes = number(spill, "bytes");
	text(spill, "server", r->spill.server, sizeof(r->spill.server));
	if (!is_printable(r->spill.server))
		strcpy(r->spill.server, "?");
	r->spill.age_ms = (int64_t)within(number(spill, "age_ms"), -1, EXACT_MOST);
	r->n_dead = number(json, "dead");
	if (number(json, "n_left_out") > 0)
		leave_out(r, "accounts", left_out ? left_out : "",
			  (unsigned)within(number(json, "n_left_out"), 1, 1e9));
	if (r->n_left_out > 0)
		log_warn("registry", "entries in Redis left out", "entries=%u first=%s",
			 r->n_left_out, r->left_out);
	accounts_parse(&r->accounts, cJSON_GetObjectItemCaseSensitive(json, "accounts"));
	return error;
}

int roster_parse(const char *text_json, struct roster **rosterp)
{
	struct roster *r = calloc(1, sizeof(*r));
	cJSON *json = json_read_own(text_json, strlen(text_json));
	int error = r ? 0 : -ENOMEM;

	if (error == 0) {
		atomic_init(&r->n_refs, 1);
		error = fill(r, json);
	}
	cJSON_Delete(json);
	if (error != 0)
		roster_unref(r);
	else
		*rosterp = r;
	return error;
}

struct roster *roster_ref(struct roster *r)
{
	if (r)
		atomic_fetch_add_explicit(&r->n_refs, 1, memory_order_relaxed);
	return r;
}

void roster_unref(struct roster *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->n_refs, 1, memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < r->n_analyzers; i++) {
		free(r->analyzers[i].info);
		free(r->analyzers[i].headers);
	}
	for (unsigned i = 0; i < r->n_workers; i++)
		free(r->workers[i].unreachable);
	free(r->analyzers);
	free(r->workers);
	free(r);
}

static int is_id(const void *id, const void *analyzer)
{
	return strcmp(id, ((const struct analyzer *)analyzer)->id);
}

const struct analyzer *roster_find(const struct roster *r, const char *id)
{
	if (r->n_analyzers == 0)
		return NULL; /* bsearch takes no NULL, not even for an empty array */
	return bsearch(id, r->analyzers, r->n_analyzers, sizeof(*r->analyzers), is_id);
}

bool roster_has_node(const struct roster *roster, const char *node)
{
	size_t len = strlen(node);

	for (unsigned i = 0; i < roster->n_workers; i++)
		if (strncmp(roster->workers[i].name, node, len) == 0 &&
		    roster->workers[i].name[len] == '/')
			return true;
	return false;
}
