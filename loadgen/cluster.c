#include "loadgen/cluster.h"

#include <float.h>
#include <string.h>

#include "common/json/json_get.h"
#include "common/json/json_read.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

static bool read_count(const cJSON *object, const char *name, int64_t *valuep)
{
	*valuep = 0;
	return json_get_int(object, name, 0, INT64_MAX, valuep) != JSON_E_TYPE;
}

static bool read_analyzer(struct cluster_analyzer *a, const cJSON *object)
{
	const char *id;

	if (json_get_string(object, "id", &id) || strlen(id) >= sizeof(a->id))
		return false;
	strcpy(a->id, id);
	return !json_get_double(object, "weight", -DBL_MAX, DBL_MAX, &a->weight) &&
	       !json_get_double(object, "share", 0, 1, &a->share) &&
	       read_count(object, "routed", &a->routed) &&
	       read_count(object, "delivered", &a->delivered) &&
	       read_count(object, "processed", &a->processed);
}

static int read_analyzers(struct cluster *cluster, const cJSON *list)
{
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return CLUSTER_E_SHAPE;
	cluster->analyzers =
		calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*cluster->analyzers));
	if (!cluster->analyzers)
		return -ENOMEM;
	cJSON_ArrayForEach (item, list) {
		if (!read_analyzer(&cluster->analyzers[cluster->n_analyzers++], item))
			return CLUSTER_E_SHAPE;
	}
	return 0;
}

/* `outer` is {"inner":{"name":3}}; -1: it is not. */
static int64_t read_figure(const cJSON *outer, const char *inner, const char *name)
{
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(outer, inner);
	int64_t value;

	return json_get_int(object, name, 0, INT64_MAX, &value) == 0 ? value : -1;
}

int cluster_parse(struct cluster *cluster, const char *json, size_t len)
{
	CLEANUP(cJSON_Deletep) cJSON *root = json_read_own(json, len);
	int r;

	*cluster = (struct cluster){ 0 };
	if (!cJSON_IsObject(root) || !read_count(root, "epoch", &cluster->epoch))
		return CLUSTER_E_SHAPE;
	cluster->total_routed = read_figure(root, "totals", "routed");
	cluster->total_delivered = read_figure(root, "totals", "messages");
	cluster->counted_packets = read_figure(root, "totals", "packets");
	cluster->accounted_packets = read_figure(cJSON_GetObjectItemCaseSensitive(root, "accounts"),
						 "delivered", "packets");
	r = read_analyzers(cluster, cJSON_GetObjectItemCaseSensitive(root, "analyzers"));
	if (r)
		cluster_deinit(cluster);
	return r;
}

void cluster_deinit(struct cluster *cluster)
{
	free(cluster->analyzers);
	*cluster = (struct cluster){ 0 };
}

const struct cluster_analyzer *cluster_find(const struct cluster *cluster, const char *id)
{
	for (size_t i = 0; i < cluster->n_analyzers; i++) {
		if (!strcmp(cluster->analyzers[i].id, id))
			return &cluster->analyzers[i];
	}
	return NULL;
}
