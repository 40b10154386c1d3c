/* What the dashboard shows: the overview, its history, and what happens, as JSON. */
#include <string.h>

#include "common/json/json_read.h"
#include "node/admin/admin_api.h"
#include "node/admin/admin_stream.h"
#include "node/watch/watch.h"

static int refuse_unseen(struct front_request *rq)
{
	return admin_refuse(rq, 503, "registry_away",
			    "This node has not seen the pool yet: Redis does not answer.", NULL);
}

int admin_get_overview(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);
	struct web_answer answer = { .status = 200, .content_type = "application/json" };
	struct buf text CLEANUP(buf_deinit) = { 0 };

	(void)id;
	if (!view)
		return refuse_unseen(rq);
	admin_append_view(&text, view);
	if (text.failed)
		return admin_refuse(rq, 503, "memory", "Out of memory.", NULL);
	answer.body = text.data;
	answer.len = text.len;
	return front_send(rq, &answer);
}

int admin_read_overview(struct admin_api *api, struct front_request *rq, cJSON **overviewp)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);
	struct buf text CLEANUP(buf_deinit) = { 0 };

	if (!view)
		return refuse_unseen(rq);
	admin_append_view(&text, view);
	*overviewp = json_read_own(text.data, text.len);
	return *overviewp ? 0 : admin_refuse(rq, 503, "memory", "Out of memory.", NULL);
}

/* PAST_RANGES: the query names none that there is. */
static enum past_range wanted_range(const struct front_request *rq)
{
	char name[8];
	int has = front_parameter(rq, "range", name, sizeof(name));
	unsigned k = PAST_10_MINUTES;

	if (has == 0)
		return PAST_10_MINUTES;
	while (k < PAST_RANGES && (has < 0 || strcmp(past_info[k].name, name) != 0))
		k++;
	return (enum past_range)k;
}

int admin_get_history(struct admin_api *api, struct front_request *rq, const char *id)
{
	enum past_range range = wanted_range(rq);
	struct view *view CLEANUP(view_unrefp) = NULL;

	(void)id;
	if (range == PAST_RANGES)
		return admin_bad_field(rq, "range is 10m, 1h or 6h.");
	view = watch_view(api->config.watch);
	return view ? front_send_json(rq, 200, watch_history_json(api->config.watch, range))
		    : refuse_unseen(rq);
}

/* ---- events ---- */

static int send_events(struct admin_api *api, struct front_request *rq)
{
	struct view *view CLEANUP(view_unrefp) = watch_view(api->config.watch);
	cJSON *json;

	if (!view)
		return refuse_unseen(rq);
	json = cJSON_CreateObject();
	cJSON_AddItemToObject(json, "events",
			      watch_events_json(api->config.watch, NULL, RECENT_EVENTS));
	return front_send_json(rq, 200, json);
}

bool admin_wants_stream(const struct front_request *rq)
{
	const char *accept = rq->fields[FIELD_ACCEPT];

	return accept && strstr(accept, "text/event-stream") && rq->method == HTTP_GET;
}

/* A stream never comes here: the front serves it. */
int admin_get_events(struct admin_api *api, struct front_request *rq, const char *id)
{
	(void)id;
	return send_events(api, rq);
}
