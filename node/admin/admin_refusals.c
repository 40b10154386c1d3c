/* Which agents are refused, over all nodes; while Redis is away, those of this node alone. */
#include "common/clock.h"
#include "node/admin/admin_api.h"
#include "node/control/node_refusals.h"
#include "registry/refusals.h"

/* This node's are as they are now, and not as it last reported them. */
static int gather(struct admin_api *api, struct refusals *refusals, bool *is_wholep)
{
	const char *own = api->config.shared->config->node_id;
	cJSON *list = node_refusals_json(api->config.shared, clock_mono_us());
	int r;

	pthread_mutex_lock(&api->lock);
	r = refusals_read(api->client, &api->config.shared->keys, own, refusals);
	pthread_mutex_unlock(&api->lock);
	*is_wholep = r == 0;
	refusals_add(refusals, own, list);
	cJSON_Delete(list);
	return r < 0 ? r : 0;
}

int admin_get_refusals(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct refusals refusals CLEANUP(refusals_deinit) = { 0 };
	bool is_whole = false;
	cJSON *json;

	(void)id;
	if (refusals_init(&refusals) != 0 || gather(api, &refusals, &is_whole) != 0)
		return admin_refuse(rq, 503, "memory", "Out of memory.", NULL);
	json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "node", api->config.shared->config->node_id);
	cJSON_AddBoolToObject(json, "whole_pool", is_whole);
	cJSON_AddItemToObject(json, "refusals", refusals_take(&refusals));
	return front_send_json(rq, 200, json);
}
