/* The analyzers, the nodes and the cluster, as the registry knows them. */
#include "node/admin/admin_api.h"
#include "registry/cluster.h"
#include "registry/membership.h"

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
