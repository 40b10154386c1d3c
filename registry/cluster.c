#include "registry/cluster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "registry/analyzer_headers.h"

double cluster_actual(const struct roster *roster, const struct analyzer *a)
{
	double total = 0;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		total += roster->analyzers[i].routed;
	return total > 0 ? a->routed / total : 0;
}

double cluster_due(const struct roster *roster, const struct analyzer *a)
{
	double total = 0;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		total += roster->analyzers[i].routed + roster->analyzers[i].credit;
	return total > 0 ? (a->routed + a->credit) / total : 0;
}

static void add_text(cJSON *json, const char *name, const char *text)
{
	if (text[0])
		cJSON_AddStringToObject(json, name, text);
	else
		cJSON_AddNullToObject(json, name);
}

/* A heartbeat begins the lease anew. Unknown where a lease that ended while Redis was away got more
 * time. */
static void add_heartbeat_age(cJSON *json, const struct analyzer *a)
{
	if (a->ttl_ms > 0 && a->lease_ms <= a->ttl_ms)
		cJSON_AddNumberToObject(json, "heartbeat_age_ms",
					(double)(a->ttl_ms - a->lease_ms));
	else
		cJSON_AddNullToObject(json, "heartbeat_age_ms");
}

/* Digits that nobody reads cost more than all others, as each node writes them each second. */
static double six_digits(double value)
{
	double digits = value > 0 ? pow(10, 6 - ceil(log10(value))) : 1;

	return round(value * digits) / digits;
}

cJSON *cluster_analyzer_json(const struct roster *roster, const struct analyzer *a)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "id", a->id);
	cJSON_AddStringToObject(json, "url", a->url);
	cJSON_AddNumberToObject(json, "weight", a->weight);
	cJSON_AddStringToObject(json, "state", analyzer_state_names[a->state]);
	cJSON_AddStringToObject(json, "health", analyzer_health_names[a->health]);
	cJSON_AddNumberToObject(json, "held_back_ms", (double)a->held_back_ms);
	cJSON_AddNumberToObject(json, "share", six_digits(a->share));
	cJSON_AddNumberToObject(json, "actual", six_digits(cluster_actual(roster, a)));
	cJSON_AddNumberToObject(json, "routed", a->routed);
	cJSON_AddNumberToObject(json, "delivered", a->delivered);
	cJSON_AddNumberToObject(json, "delivered_packets", a->delivered_packets);
	cJSON_AddNumberToObject(json, "processed", a->processed);
	cJSON_AddNumberToObject(json, "forgiven", a->forgiven);
	cJSON_AddNumberToObject(json, "credit", round(a->credit * 1000) / 1000);
	add_text(json, "fault", a->fault);
	add_text(json, "version", a->version);
	cJSON_AddStringToObject(json, "source", a->source[0] ? a->source : "registered");
	cJSON_AddStringToObject(json, "accepts", analyzer_accepts_names[a->accepts]);
	cJSON_AddStringToObject(json, "encoding", analyzer_encoding_names[a->encoding]);
	cJSON_AddItemToObject(json, "headers", analyzer_headers_names(a->headers));
	cJSON_AddNumberToObject(json, "ttl_ms", (double)a->ttl_ms);
	add_heartbeat_age(json, a);
	cJSON_AddNumberToObject(json, "revision", (double)a->revision);
	return json;
}

/* "n1/0" is worker 0 of node n1; node ids hold no '/'. */
static size_t node_len(const struct roster_worker *w)
{
	const char *slash = strrchr(w->name, '/');

	return slash ? (size_t)(slash - w->name) : strlen(w->name);
}

static bool same_node(const struct roster_worker *a, const struct roster_worker *b)
{
	return node_len(a) == node_len(b) && memcmp(a->name, b->name, node_len(a)) == 0;
}

/* Slots out of reach of a worker, into marks. */
static void mark_unreachable(const struct roster_worker *w, bool marks[ROSTER_MAX_SLOTS])
{
	for (const char *p = w->unreachable; *p;) {
		char *end;
		unsigned long slot;

		p += *p == '~' || *p == '!'; /* it is being tried again, or hangs */
		slot = strtoul(p, &end, 10);
		if (end == p)
			break;
		if (slot < ROSTER_MAX_SLOTS)
			marks[slot] = true;
		p = *end == ',' ? end + 1 : end;
	}
}

static cJSON *unreachable_json(const struct roster *r, const bool marks[ROSTER_MAX_SLOTS])
{
	cJSON *list = cJSON_CreateArray();

	for (unsigned i = 0; i < r->n_analyzers; i++)
		if (marks[r->analyzers[i].slot])
			cJSON_AddItemToArray(list, cJSON_CreateString(r->analyzers[i].id));
	return list;
}

static cJSON *node_json(const struct roster *r, const struct roster_worker *first)
{
	cJSON *json = cJSON_CreateObject();
	bool marks[ROSTER_MAX_SLOTS] = { false };
	char id[sizeof(first->name)];
	const char *mode = first->mode;
	int n_workers = 0;

	memcpy(id, first->name, node_len(first));
	id[node_len(first)] = '\0';
	for (unsigned i = 0; i < r->n_workers; i++) {
		const struct roster_worker *w = &r->workers[i];

		if (!same_node(first, w))
			continue;
		n_workers++;
		mark_unreachable(w, marks);
		if (strcmp(w->mode, "leased") == 0)
			mode = w->mode;
	}
	cJSON_AddStringToObject(json, "id", id);
	cJSON_AddNumberToObject(json, "workers", n_workers);
	cJSON_AddStringToObject(json, "mode", mode);
	cJSON_AddItemToObject(json, "unreachable", unreachable_json(r, marks));
	return json;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct roster_worker *)a)->name,
		      ((const struct roster_worker *)b)->name);
}

cJSON *cluster_nodes_json(const struct roster *r)
{
	cJSON *list = cJSON_CreateArray();
	struct roster_worker *sorted = calloc(r->n_workers + 1, sizeof(*sorted));

	if (!sorted)
		return list;
	if (r->n_workers)
		memcpy(sorted, r->workers, r->n_workers * sizeof(*sorted));
	qsort(sorted, r->n_workers, sizeof(*sorted), by_name);
	for (unsigned i = 0; i < r->n_workers; i++)
		if (i == 0 || !same_node(&sorted[i - 1], &sorted[i]))
			cJSON_AddItemToArray(list, node_json(r, &sorted[i]));
	free(sorted);
	return list;
}

cJSON *cluster_json(const char *pool, const struct roster *r)
{
	cJSON *json = cJSON_CreateObject(), *analyzers, *spill, *dead, *totals;
	double packets = r->gone_delivered_packets, messages = r->gone_delivered;
	double routed = r->gone_routed;

	cJSON_AddStringToObject(json, "pool", pool);
	cJSON_AddNumberToObject(json, "epoch", (double)r->epoch);
	analyzers = cJSON_AddArrayToObject(json, "analyzers");
	for (unsigned i = 0; i < r->n_analyzers; i++) {
		cJSON_AddItemToArray(analyzers, cluster_analyzer_json(r, &r->analyzers[i]));
		packets += r->analyzers[i].delivered_packets;
		messages += r->analyzers[i].delivered;
		routed += r->analyzers[i].routed;
	}
	cJSON_AddItemToObject(json, "nodes", cluster_nodes_json(r));
	spill = cJSON_AddObjectToObject(json, "spill");
	cJSON_AddNumberToObject(spill, "packets", r->spill.packets);
	cJSON_AddNumberToObject(spill, "messages", r->spill.messages);
	cJSON_AddNumberToObject(spill, "bytes", r->spill.bytes);
	if (r->spill.server[0]) {
		cJSON_AddStringToObject(spill, "server", r->spill.server);
		cJSON_AddNumberToObject(spill, "age_ms", (double)r->spill.age_ms);
	}
	dead = cJSON_AddObjectToObject(json, "dead");
	cJSON_AddNumberToObject(dead, "packets", r->n_dead);
	totals = cJSON_AddObjectToObject(json, "totals");
	cJSON_AddNumberToObject(totals, "packets", packets);
	cJSON_AddNumberToObject(totals, "messages", messages);
	cJSON_AddNumberToObject(totals, "routed", routed);
	cJSON_AddItemToObject(json, "accounts", accounts_json(&r->accounts));
	cJSON_AddBoolToObject(json, "has_lost_figures", r->accounts.has_lost);
	if (r->n_left_out > 0) {
		cJSON *left_out = cJSON_AddObjectToObject(json, "left_out");

		cJSON_AddNumberToObject(left_out, "entries", r->n_left_out);
		cJSON_AddStringToObject(left_out, "first", r->left_out);
	}
	return json;
}
