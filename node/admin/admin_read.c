/* The analyzers, the nodes and the cluster, as the registry knows them. */
#include <assert.h>
#include <string.h>

#include "node/admin/admin_api.h"
#include "registry/cluster.h"
#include "registry/membership.h"
#include "registry/reports.h"

static int with_roster(struct admin_api *api, struct front_request *rq, const char *id,
		       struct roster **rosterp)
{
	int r;

	pthread_mutex_lock(&api->lock);
	r = membership_roster(api->client, rosterp);
	pthread_mutex_unlock(&api->lock);
	return r == 0 ? 0 : admin_refuse_error(api, rq, id, r);
}

int admin_get_cluster(struct admin_api *api, struct front_request *rq, const char *id)
{
	CLEANUP(roster_unrefp) struct roster *roster = NULL;
	int status = with_roster(api, rq, id, &roster);

	return status ? status
		      : front_send_json(rq, 200,
					cluster_json(api->config.shared->config->pool, roster));
}

int admin_get_nodes(struct admin_api *api, struct front_request *rq, const char *id)
{
	CLEANUP(roster_unrefp) struct roster *roster = NULL;
	int status = with_roster(api, rq, id, &roster);
	cJSON *json;

	if (status)
		return status;
	json = cJSON_CreateObject();
	cJSON_AddItemToObject(json, "nodes", cluster_nodes_json(roster));
	return front_send_json(rq, 200, json);
}

/* ---- one node ---- */

static bool is_idle(const struct lanes *lanes)
{
	double p99_ms;

	return lanes->queued + lanes->flying + lanes->paused <= 0 &&
	       !lanes_percentile(lanes, 99, &p99_ms);
}

static void add_lanes(cJSON *json, const struct roster *roster, const struct reports *reports)
{
	cJSON *list = cJSON_AddArrayToObject(json, "lanes");

	assert(reports->n_lanes == roster->n_analyzers); /* they are of this roster */
	for (unsigned i = 0; i < reports->n_lanes; i++) {
		const struct lanes *lanes = &reports->lanes[i];
		cJSON *lane;

		if (is_idle(lanes))
			continue;
		lane = cJSON_CreateObject();
		cJSON_AddItemToArray(list, lane);
		cJSON_AddStringToObject(lane, "analyzer", roster->analyzers[i].id);
		cJSON_AddNumberToObject(lane, "queued_packets", lanes->queued);
		cJSON_AddNumberToObject(lane, "flying_batches", lanes->flying);
		cJSON_AddNumberToObject(lane, "paused_workers", lanes->paused);
		lanes_add_health(lanes, lane);
	}
}

static cJSON *find_node(const struct roster *roster, const char *id)
{
	cJSON *list = cluster_nodes_json(roster), *node, *found = NULL;

	cJSON_ArrayForEach (node, list) {
		const char *its =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "id"));

		if (its && strcmp(its, id) == 0)
			found = node;
	}
	found = found ? cJSON_DetachItemViaPointer(list, found) : NULL;
	cJSON_Delete(list);
	return found;
}

int admin_get_node(struct admin_api *api, struct front_request *rq, const char *id)
{
	CLEANUP(roster_unrefp) struct roster *roster = NULL;
	CLEANUP(reports_deinit) struct reports reports = { 0 };
	int status = with_roster(api, rq, id, &roster), r;
	cJSON *json;

	if (status)
		return status;
	json = find_node(roster, id);
	if (!json)
		return admin_refuse(rq, 404, "not_found", "The pool has no such node.", NULL);
	pthread_mutex_lock(&api->lock);
	r = reports_read_node(api->client, &api->config.shared->keys, roster, id, &reports);
	pthread_mutex_unlock(&api->lock);
	if (r != 0) {
		cJSON_Delete(json);
		return admin_refuse_error(api, rq, id, r);
	}
	add_lanes(json, roster, &reports);
	return front_send_json(rq, 200, json);
}

int admin_list_analyzers(struct admin_api *api, struct front_request *rq, const char *id)
{
	CLEANUP(roster_unrefp) struct roster *roster = NULL;
	int status = with_roster(api, rq, id, &roster);
	cJSON *json, *list;

	if (status)
		return status;
	json = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(json, "analyzers");
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		cJSON_AddItemToArray(list, cluster_analyzer_json(roster, &roster->analyzers[i]));
	return front_send_json(rq, 200, json);
}

int admin_get_analyzer(struct admin_api *api, struct front_request *rq, const char *id)
{
	CLEANUP(roster_unrefp) struct roster *roster = NULL;
	int status = with_roster(api, rq, id, &roster);
	const struct analyzer *a;
	char etag[ADMIN_ETAG_MAX];
	struct web_answer answer = { .status = 200, .etag = etag };

	if (status)
		return status;
	a = roster_find(roster, id);
	if (!a)
		return admin_refuse_error(api, rq, id, MEMBERSHIP_E_UNKNOWN);
	admin_write_etag(a->revision, etag);
	return front_answer_json(rq, &answer, cluster_analyzer_json(roster, a));
}
