#include "analyzer/status.h"

bool status_is_up(const struct ingest *ingest, bool is_draining)
{
	return !is_draining && !faults_now(ingest->faults).is_down;
}

static int reply_status(struct front_request *rq, int status, const char *text)
{
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddStringToObject(json, "status", text))
		return reply_json(rq, status, json);
	cJSON_Delete(json);
	return reply_json(rq, status, NULL);
}

int status_health(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	if (is_draining)
		return reply_status(rq, 503, "leaving");
	if (faults_now(ingest->faults).is_down)
		return reply_status(rq, 503, "down");
	return reply_status(rq, 200, "up");
}

/* What it is called, whether it is up, its weight, and what became of messages for its sink. */
int status_status(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	const struct config *config = ingest->config;
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddStringToObject(json, "id", config->id) &&
	    cJSON_AddStringToObject(json, "status",
				    status_is_up(ingest, is_draining) ? "up" : "down") &&
	    cJSON_AddBoolToObject(json, "enabled", !faults_now(ingest->faults).is_disabled) &&
	    cJSON_AddNumberToObject(json, "weight", config->weight) &&
	    stats_add_sink(ingest->stats, json))
		return reply_json(rq, 200, json);
	cJSON_Delete(json);
	return reply_json(rq, 200, NULL);
}

int status_processed(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	cJSON *json = cJSON_CreateObject();

	(void)is_draining;
	if (cJSON_AddNumberToObject(json, "processed", (double)stats_processed(ingest->stats)))
		return reply_json(rq, 200, json);
	cJSON_Delete(json);
	return reply_json(rq, 200, NULL);
}

int status_stats(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	(void)is_draining;
	return reply_json(rq, 200, stats_json(ingest->stats, ingest->config->id));
}

int status_metrics(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	enum metrics_format format = metrics_format_for(rq->fields[FIELD_ACCEPT]);
	struct buf text = { 0 };
	int status;

	stats_set_up(ingest->stats, status_is_up(ingest, is_draining));
	stats_write_metrics(ingest->stats, format, &text);
	status = text.failed
			 ? reply_refusal(rq, REFUSED_MEMORY, NULL)
			 : reply_text(rq, 200, metrics_content_type(format), text.data, text.len);
	buf_deinit(&text);
	return status;
}

int status_enable(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	(void)is_draining;
	faults_set_disabled(ingest->faults, false);
	return reply_status(rq, 200, "up");
}

int status_disable(const struct ingest *ingest, bool is_draining, struct front_request *rq)
{
	(void)is_draining;
	faults_set_disabled(ingest->faults, true);
	return reply_status(rq, 200, "down");
}
