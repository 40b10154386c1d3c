/* A look at the pool through a node: its overview, and the roster that is in it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "registry/ctl/ctl_http.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_look.h"

/* A field that has the same name in both. */
static void copy(cJSON *to, const cJSON *from, const char *name)
{
	const cJSON *item = ctl_json_get(from, name);

	if (item && !cJSON_IsNull(item))
		cJSON_AddItemToObject(to, name, cJSON_Duplicate(item, true));
}

/* Their values are not told, so that any value stands for them. */
static void add_headers(cJSON *info, const cJSON *a)
{
	cJSON *headers = cJSON_AddObjectToObject(info, "headers");
	const cJSON *name;

	cJSON_ArrayForEach (name, ctl_json_get(a, "headers"))
		if (cJSON_IsString(name))
			cJSON_AddStringToObject(headers, name->valuestring, "hidden");
}

/* What else than figures a registration has: text within JSON. */
static void add_info(cJSON *entry, const cJSON *a, double now_ms)
{
	cJSON *info = cJSON_CreateObject();
	char *text;

	copy(info, a, "fault");
	copy(info, a, "version");
	copy(info, a, "accepts");
	copy(info, a, "encoding");
	add_headers(info, a);
	copy(info, a, "source");
	if (ctl_json_number(a, "held_back_ms") > 0)
		cJSON_AddNumberToObject(info, "since_ms",
					now_ms + ctl_json_number(a, "held_back_ms"));
	text = cJSON_PrintUnformatted(info);
	if (text)
		cJSON_AddStringToObject(entry, "info", text);
	cJSON_free(text);
	cJSON_Delete(info);
}

static void add_analyzers(cJSON *json, const cJSON *overview)
{
	static const char *const same[] = {
		"id",        "url",     "weight", "share",     "state",
		"health",    "credit",  "routed", "delivered", "delivered_packets",
		"processed", "forgiven"
	};
	cJSON *list = cJSON_AddArrayToObject(json, "analyzers");
	int slot = 0;
	const cJSON *a;

	cJSON_ArrayForEach (a, ctl_json_get(overview, "analyzers")) {
		cJSON *entry = cJSON_CreateObject();

		for (size_t i = 0; i < ARRAY_LEN(same); i++)
			copy(entry, a, same[i]);
		cJSON_AddNumberToObject(entry, "slot", slot++);
		cJSON_AddNumberToObject(entry, "lease_ms",
					fmax(1, ctl_json_number(a, "ttl_ms") -
							ctl_json_number(a, "heartbeat_age_ms")));
		add_info(entry, a, ctl_json_number(overview, "now_ms"));
		cJSON_AddItemToArray(list, entry);
	}
	cJSON_AddNumberToObject(json, "slots", slot);
}

/* As a worker tells it: "1,~4,!7". */
static void write_unreachable(const cJSON *overview, const char *worker, struct buf *out)
{
	const cJSON *a, *breaker;
	int slot = 0;

	cJSON_ArrayForEach (a, ctl_json_get(overview, "analyzers")) {
		cJSON_ArrayForEach (breaker, ctl_json_get(a, "trouble")) {
			const char *state = ctl_json_text(breaker, "state");
			const char *mark = strcmp(state, "open") == 0        ? ""
					   : strcmp(state, "half_open") == 0 ? "~"
					   : strcmp(state, "hanging") == 0   ? "!"
									     : NULL;

			if (mark && strcmp(ctl_json_text(breaker, "worker"), worker) == 0)
				buf_printf(out, "%s%s%d", out->len ? "," : "", mark, slot);
		}
		slot++;
	}
}

static void add_workers(cJSON *json, const cJSON *overview)
{
	cJSON *list = cJSON_AddArrayToObject(json, "workers");
	const cJSON *node;

	cJSON_ArrayForEach (node, ctl_json_get(overview, "nodes")) {
		for (int i = 0; i < (int)fmin(1024, ctl_json_number(node, "workers")); i++) {
			struct buf cut CLEANUP(buf_deinit) = { 0 };
			char name[WORKER_NAME_SIZE], info[64];
			cJSON *worker = cJSON_CreateObject();

			snprintf(name, sizeof(name), "%.64s/%d", ctl_json_text(node, "id"), i);
			write_unreachable(overview, name, &cut);
			snprintf(info, sizeof(info), "{\"mode\":\"%.15s\"}",
				 ctl_json_text(node, "mode"));
			cJSON_AddStringToObject(worker, "worker", name);
			cJSON_AddStringToObject(worker, "info", info);
			cJSON_AddStringToObject(worker, "unreachable",
						cut.len ? buf_str(&cut) : "");
			cJSON_AddItemToArray(list, worker);
		}
	}
}

/* [packets, messages] of each, and what the spill gave back is in `spilled` already. */
static void add_accounts(cJSON *json, const cJSON *overview)
{
	cJSON *accounts = cJSON_AddObjectToObject(json, "accounts");
	const cJSON *account;

	cJSON_ArrayForEach (account, ctl_json_get(overview, "accounts")) {
		const double pair[] = { ctl_json_number(account, "packets"),
					ctl_json_number(account, "messages") };

		cJSON_AddItemToObject(accounts, account->string, cJSON_CreateDoubleArray(pair, 2));
	}
	cJSON_AddBoolToObject(accounts, "has_lost",
			      cJSON_IsTrue(ctl_json_get(overview, "has_lost_figures")));
}

/* Of all, less those of the analyzers that are there. */
static void add_gone(cJSON *json, const cJSON *overview)
{
	const cJSON *totals = ctl_json_get(overview, "totals"), *a;
	double gone[] = { ctl_json_number(totals, "routed"), ctl_json_number(totals, "messages"),
			  ctl_json_number(totals, "packets") };

	cJSON_ArrayForEach (a, ctl_json_get(overview, "analyzers")) {
		gone[0] -= ctl_json_number(a, "routed");
		gone[1] -= ctl_json_number(a, "delivered");
		gone[2] -= ctl_json_number(a, "delivered_packets");
	}
	cJSON_AddItemToObject(json, "retired", cJSON_CreateDoubleArray(gone, 3));
}

/* What lua/roster.lua would answer. */
static int read_roster(const cJSON *overview, struct roster **rosterp)
{
	cJSON *json = cJSON_CreateObject();
	char *text;
	int r;

	copy(json, overview, "epoch");
	copy(json, overview, "now_ms");
	copy(json, overview, "spill");
	cJSON_AddNumberToObject(json, "dead",
				ctl_json_number(ctl_json_get(overview, "dead"), "packets"));
	add_analyzers(json, overview);
	add_workers(json, overview);
	add_accounts(json, overview);
	add_gone(json, overview);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	r = text ? roster_parse(text, rosterp) : -ENOMEM;
	cJSON_free(text);
	return r;
}

int ctl_look_at_node(struct ctl *ctl, struct ctl_look *look, char why[CTL_WHY_SIZE])
{
	if (ctl_http_ask(ctl, "GET", "/v1/overview", NULL, &look->overview, why) != 0)
		return CTL_LOOK_E_NODE;
	if (!cJSON_IsObject(look->overview) || read_roster(look->overview, &look->roster) != 0) {
		snprintf(why, CTL_WHY_SIZE, "the node at %s answered what is not understood",
			 ctl->options.admin);
		return CTL_LOOK_E_NODE;
	}
	look->is_own =
		strcmp(ctl_json_text(ctl_json_get(look->overview, "figures"), "of"), "node") == 0;
	return 0;
}
