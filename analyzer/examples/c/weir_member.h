/* Keeps an HTTP server in a pool of Weir: one header, with libcurl and cJSON.
 *
 *	struct weir_member me = { .node = "http://127.0.0.1:8081", .id = "a1", .url = "http://127.0.0.1:9001/ingest", .weight = 1 };
 *	while (running) sleep_ms(weir_member_beat(&me, n_messages));     // registers first, and again when it was forgotten
 *	weir_member_leave(&me, n_messages);
 *
 * From one thread. PROTOCOL.md has what the fields mean.
 */
#ifndef WEIR_MEMBER_H
#define WEIR_MEMBER_H
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct weir_member {
	const char *node, *id, *url; /* admin URL of a node, the name in the pool, where packets are delivered */
	const char *token;           /* the register token, or NULL */
	double weight;
	char instance[128]; /* "" while it is not registered */
	long started_s;
	int heartbeat_ms;
	long status; /* of the last answer; 0: there was none */
};

/* Takes over what the answer says of the lease. */
static inline void weir_member_learn(struct weir_member *m, const char *text) {
	cJSON *lease = cJSON_Parse(text), *said = cJSON_GetObjectItem(lease, "instance");
	if (cJSON_IsString(said)) snprintf(m->instance, sizeof(m->instance), "%s", said->valuestring);
	if (cJSON_IsNumber(said = cJSON_GetObjectItem(lease, "heartbeat_ms"))) m->heartbeat_ms = said->valueint;
	cJSON_Delete(lease);
}

static inline void weir_member_call(struct weir_member *m, const char *method, const char *path, cJSON *body) {
	char url[512], bearer[256], *text = NULL, *json = cJSON_PrintUnformatted(body);
	size_t size;
	FILE *answer = open_memstream(&text, &size);
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	snprintf(url, sizeof(url), "%s/v1/analyzers/%s%s", m->node, m->id, path);
	snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", m->token ? m->token : "");
	if (m->token) headers = curl_slist_append(headers, bearer);
	curl_easy_setopt(curl, CURLOPT_URL, url), curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers), curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 2000L), curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	m->status = 0;
	if (curl_easy_perform(curl) == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &m->status);
	curl_easy_cleanup(curl), curl_slist_free_all(headers), fclose(answer);
	if (m->status / 100 == 2) weir_member_learn(m, text);
	free(text), free(json), cJSON_Delete(body);
}

/* What a heartbeat says: who this is, and how many messages it has processed. */
static inline cJSON *weir_member_beat_body(const struct weir_member *m, long processed) {
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "instance", m->instance), cJSON_AddNumberToObject(body, "processed", (double)processed);
	return body;
}

/* Registers, or sends a heartbeat. Returns after how many ms the next call is due, or -1: another process has the id. */
static inline int weir_member_beat(struct weir_member *m, long processed) {
	if (*m->instance) {
		weir_member_call(m, "POST", "/heartbeat", weir_member_beat_body(m, processed));
		if (m->status == 409) return -1;
		if (m->status == 404) *m->instance = '\0'; /* the pool has forgotten it */
	} else {
		cJSON *body = cJSON_CreateObject();
		if (!m->started_s) m->started_s = (long)time(NULL);
		cJSON_AddStringToObject(body, "url", m->url), cJSON_AddNumberToObject(body, "weight", m->weight);
		cJSON_AddNumberToObject(body, "started_ms", (double)m->started_s * 1000);
		weir_member_call(m, "PUT", "", body);
	}
	return m->status / 100 == 2 && m->heartbeat_ms > 0 ? m->heartbeat_ms : 500;
}

static inline void weir_member_leave(struct weir_member *m, long processed) {
	if (*m->instance) weir_member_call(m, "DELETE", "", weir_member_beat_body(m, processed));
}
#endif
