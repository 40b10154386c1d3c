/*
 * Elasticsearch's and OpenSearch's _bulk. A message of a packet with an id gets a document id of its own,
 * made of the packet's bytes: what is delivered twice is answered 409 the second time, and indexed once.
 */
#include <string.h>

#include "analyzer/sink/sink_form.h"
#include "common/json/json_read.h"
#include "common/log.h"

#define CONFLICT 409 /* the document is there already */
#define TOO_MANY 429 /* it is busy */

int bulk_write(const struct sink_message *m, struct buf *out)
{
	if (m->key[0])
		buf_printf(out, "{\"create\":{\"_id\":\"%s-%zu\"}}\n", m->key, m->number);
	else
		buf_append_str(out, "{\"create\":{}}\n");
	document_append(out, m->message, m->origin, true);
	buf_append(out, "\n", 1);
	return 0;
}

static const char *reason_of(const cJSON *result)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(result, "error");
	const cJSON *reason = cJSON_GetObjectItemCaseSensitive(error, "reason");

	if (cJSON_IsString(reason))
		return reason->valuestring;
	return cJSON_IsString(error) ? error->valuestring : "not said";
}

static enum item_state judge_item(const cJSON *item)
{
	const cJSON *result = cJSON_IsObject(item) ? item->child : NULL;
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(result, "status");
	int code = cJSON_IsNumber(status) ? (int)status->valuedouble : 0;

	if ((code >= 200 && code < 300) || code == CONFLICT)
		return ITEM_TAKEN;
	if (code >= 400 && code < 500 && code != TOO_MANY)
		log_warn("sink", "document refused", "status=%d reason=%s", code,
			 reason_of(result));
	return sink_status_is_final(code) ? ITEM_REFUSED : ITEM_PENDING;
}

static int judge_items(const cJSON *json, struct items *items, const size_t *sent, size_t n_sent)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "items"), *item;
	size_t i = 0;

	if (!cJSON_IsArray(list) || (size_t)cJSON_GetArraySize(list) != n_sent) {
		log_warn("sink", "the answer does not say what became of each document", "sent=%zu",
			 n_sent);
		return SINK_E_AWAY;
	}
	cJSON_ArrayForEach (item, list)
		items->list[sent[i++]].state = judge_item(item);
	return 0;
}

static int judge(struct items *items, const size_t *sent, size_t n_sent, const char *answer)
{
	cJSON *json = json_read_own(answer, strlen(answer));
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(json, "errors");
	int r = 0;

	if (!cJSON_IsBool(errors)) {
		log_warn("sink", "the answer is none of _bulk", "answer=%.200s", answer);
		r = SINK_E_AWAY;
	} else if (cJSON_IsTrue(errors)) {
		r = judge_items(json, items, sent, n_sent);
	} else {
		for (size_t i = 0; i < n_sent; i++)
			items->list[sent[i]].state = ITEM_TAKEN;
	}
	cJSON_Delete(json);
	return r;
}

const struct sink_form bulk_form = { .content_type = "application/x-ndjson",
				     .max_items = 1000,
				     .separator = "",
				     .end = "",
				     .judge = judge };
