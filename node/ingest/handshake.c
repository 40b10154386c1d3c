#include "node/ingest/handshake.h"

#include <assert.h>
#include <string.h>

#define JSON "application/json"
#define ASKS (1u << HTTP_GET | 1u << HTTP_HEAD)
#define ASKS_AND_PUTS (ASKS | 1u << HTTP_PUT | 1u << HTTP_POST)
static_assert(HTTP_METHODS <= 32, "each method has its bit");

/* Where the path of a question stands in the path of the request. */
enum place { WHOLE, AT_END, WITHIN };

struct question {
	const char *path;
	enum place place;
	unsigned methods; /* bits by enum http_method */
	bool is_elastic;
	const char *text;
};

static const char es_root[] =
	"{\"name\":\"weir\",\"cluster_name\":\"weir\",\"cluster_uuid\":\"weir0000000000000000aa\","
	"\"version\":{\"number\":\"8.11.0\",\"build_flavor\":\"default\",\"build_type\":\"deb\","
	"\"build_hash\":\"0000000000000000000000000000000000000000\","
	"\"build_date\":\"2023-11-04T10:04:57.184859352Z\",\"build_snapshot\":false,"
	"\"lucene_version\":\"9.8.0\",\"minimum_wire_compatibility_version\":\"7.17.0\","
	"\"minimum_index_compatibility_version\":\"7.0.0\"},\"tagline\":\"You Know, for Search\"}";
static const char es_health[] =
	"{\"cluster_name\":\"weir\",\"status\":\"green\",\"timed_out\":false,\"number_of_nodes\":1,"
	"\"number_of_data_nodes\":1,\"active_primary_shards\":1,\"active_shards\":1,"
	"\"relocating_shards\":0,\"initializing_shards\":0,\"unassigned_shards\":0,"
	"\"delayed_unassigned_shards\":0,\"number_of_pending_tasks\":0,"
	"\"number_of_in_flight_fetch\":0,\"task_max_waiting_in_queue_millis\":0,"
	"\"active_shards_percent_as_number\":100.0}";
static const char es_license[] =
	"{\"license\":{\"status\":\"active\",\"uid\":\"weir\",\"type\":\"basic\","
	"\"issue_date\":\"2023-11-04T00:00:00.000Z\",\"issued_to\":\"weir\",\"issuer\":\"weir\"}}";
static const char es_xpack[] =
	"{\"build\":{\"hash\":\"\",\"date\":\"\"},\"license\":{\"uid\":\"weir\",\"type\":\"basic\","
	"\"mode\":\"basic\",\"status\":\"active\"},\"features\":{\"ilm\":{\"available\":true,"
	"\"enabled\":true}},\"tagline\":\"You know, for X\"}";
static const char es_nodes[] =
	"{\"_nodes\":{\"total\":0,\"successful\":0,\"failed\":0},\"cluster_name\":\"weir\",\"nodes\":{}}";
static const char es_shards[] = "{\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0}}";
static const char es_cat[] = "1700000000 22:13:20 weir green 1 1 1 1 0 0 0 0 - 100.0%\n";
static const char es_done[] = "{\"acknowledged\":true}";
static const char loki_build[] =
	"{\"version\":\"3.0.0\",\"revision\":\"weir\",\"branch\":\"\",\"buildUser\":\"\",\"buildDate\":\"\","
	"\"goVersion\":\"\"}";
static const char hec_well[] = "{\"text\":\"HEC is healthy\",\"code\":17}";
static const char hec_busy[] = "{\"text\":\"HEC is unhealthy, queues are full\",\"code\":18}";

static const struct question questions[] = {
	{ "/", WHOLE, ASKS, true, es_root },
	{ "/_cluster/health", AT_END, ASKS, true, es_health },
	{ "/_cluster/health/", WITHIN, ASKS, true, es_health },
	{ "/_cat/health", AT_END, ASKS, true, es_cat },
	{ "/_license", AT_END, ASKS, true, es_license },
	{ "/_xpack", AT_END, ASKS, true, es_xpack },
	{ "/_nodes", AT_END, ASKS, true, es_nodes },
	{ "/_nodes/", WITHIN, ASKS, true, es_nodes },
	{ "/_refresh", AT_END, ASKS_AND_PUTS, true, es_shards },
	{ "/_template/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/_index_template/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/_component_template/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/_ilm/policy/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/_ingest/pipeline", AT_END, ASKS, true, es_done },
	{ "/_ingest/pipeline/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/_data_stream/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/_alias/", WITHIN, ASKS_AND_PUTS, true, es_done },
	{ "/loki/api/v1/status/buildinfo", AT_END, ASKS, false, loki_build },
	{ "/services/collector/health", AT_END, ASKS, false, hec_well },
	{ "/services/collector/health/1.0", AT_END, ASKS, false, hec_well },
};

static bool is_at(const struct question *question, struct http_slice path)
{
	size_t n = strlen(question->path);

	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	switch (question->place) {
	case WHOLE:
		return path.len == n && memcmp(path.data, question->path, n) == 0;
	case AT_END:
		return path.len >= n && memcmp(path.data + path.len - n, question->path, n) == 0;
	default:
		return memmem(path.data, path.len, question->path, n) != NULL;
	}
}

bool handshake_answer(const struct http_head *head, bool is_ready, struct answer *answer)
{
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		const struct question *question = &questions[i];
		bool is_hec = question->text == hec_well;

		if (!(question->methods >> head->method & 1) || !is_at(question, head->path))
			continue;
		answer->kind = ANSWER_TEXT;
		answer->status = is_hec && !is_ready ? 503 : 200;
		answer->text = is_hec && !is_ready ? hec_busy : question->text;
		answer->media_type = question->text == es_cat ? NULL : JSON;
		answer->is_elastic = question->is_elastic;
		return true;
	}
	return false;
}
