/*
 * Figures under the short names that scripts and monitors try first: /stats, /queue,
 * /analyzer/stats are parts of the overview, /metrics-json is /metrics, /health is /readyz.
 */
#include "common/clock.h"
#include "common/metrics/metrics_json.h"
#include "node/admin/admin_api.h"
#include "node/admin/scrape.h"
#include "node/health.h"

/* Copies of fields of one object into another; names end with NULL. */
static void copy(cJSON *to, const cJSON *from, const char *const *names)
{
	for (; *names; names++)
		cJSON_AddItemToObject(
			to, *names,
			cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(from, *names), true));
}
#define COPY(to, from, ...) copy(to, from, (const char *const[]){ __VA_ARGS__, NULL })

/* One object for each analyzer of the overview, by its id. */
static void add_analyzers(cJSON *json, const cJSON *overview, const char *const *names)
{
	cJSON *list = cJSON_AddObjectToObject(json, "analyzers");
	const cJSON *a;

	cJSON_ArrayForEach (a, cJSON_GetObjectItemCaseSensitive(overview, "analyzers")) {
		const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(a, "id"));

		if (id)
			copy(cJSON_AddObjectToObject(list, id), a, names);
	}
}
#define ADD_ANALYZERS(json, overview, ...)                                                         \
	add_analyzers(json, overview, (const char *const[]){ __VA_ARGS__, NULL })

static cJSON *stats(const cJSON *overview)
{
	cJSON *json = cJSON_CreateObject();

	COPY(json, cJSON_GetObjectItemCaseSensitive(overview, "totals"), "packets", "messages");
	COPY(json, overview, "pool", "epoch", "accounts", "spill", "dead", "refused", "age_ms");
	ADD_ANALYZERS(json, overview, "share", "actual", "delivered_packets", "delivered",
		      "packets_per_s", "messages_per_s");
	return json;
}

static cJSON *queue(const cJSON *overview)
{
	cJSON *json = cJSON_CreateObject();

	COPY(json, overview, "spill", "dead", "age_ms");
	ADD_ANALYZERS(json, overview, "queued_packets", "flying_batches", "paused_workers");
	return json;
}

static cJSON *analyzer_stats(const cJSON *overview)
{
	cJSON *json = cJSON_CreateObject();

	COPY(json, overview, "age_ms");
	ADD_ANALYZERS(json, overview, "url", "weight", "state", "health", "share", "actual",
		      "routed", "delivered", "delivered_packets", "processed", "messages_per_s",
		      "packets_per_s", "queued_packets", "flying_batches", "p50_ms", "p99_ms",
		      "error_ratio", "breakers");
	return json;
}

static int send_part(struct admin_api *api, struct front_request *rq,
		     cJSON *(*part)(const cJSON *overview))
{
	cJSON *overview;
	int status = admin_read_overview(api, rq, &overview);

	if (status)
		return status;
	status = front_send_json(rq, 200, part(overview));
	cJSON_Delete(overview);
	return status;
}

int admin_get_stats(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)id;
	return send_part(api, rq, stats);
}

int admin_get_queue(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)id;
	return send_part(api, rq, queue);
}

int admin_get_analyzer_stats(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)id;
	return send_part(api, rq, analyzer_stats);
}

int admin_get_health(struct admin_api *api, struct front_request *rq, const char *id)
{
	static const char *const names[] = { [HEALTH_READY] = "ok",
					     [HEALTH_STARTING] = "starting",
					     [HEALTH_DRAINING] = "draining",
					     [HEALTH_UNPLACED] = "unplaced",
					     [HEALTH_STUCK] = "stuck" };
	static_assert(ARRAY_LEN(names) == HEALTH_VERDICTS, "every verdict has a name");
	const struct health *health = &api->config.shared->health;
	enum health_verdict verdict = health_ready(health, clock_mono_us());
	cJSON *json = cJSON_CreateObject();

	(void)id;
	cJSON_AddStringToObject(json, "status", names[verdict]);
	cJSON_AddStringToObject(json, "redis", redis_state_names[health_redis(health)]);
	cJSON_AddStringToObject(json, "node", api->config.shared->config->node_id);
	cJSON_AddStringToObject(json, "version", WEIR_VERSION);
	return front_send_json(rq, verdict == HEALTH_READY ? 200 : 503, json);
}

int admin_get_metrics_json(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };

	(void)id;
	return front_send_json(rq, 200,
			       scrape_write(api, METRICS_CLASSIC, &text) == 0 && buf_str(&text)[0]
				       ? metrics_json(text.data)
				       : NULL);
}
