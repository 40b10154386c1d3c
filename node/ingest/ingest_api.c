#include "node/ingest/ingest_api.h"

#include <string.h>
#include <strings.h>

#include "common/http/secret.h"

#define ALLOW_PACKETS "POST, OPTIONS"
#define ALLOW_HEALTH "GET, HEAD, OPTIONS"

enum resource { RESOURCE_PACKETS, RESOURCE_LIVEZ, RESOURCE_READYZ, RESOURCES };

static const struct {
	const char *path;
	enum resource resource;
} paths[] = {
	{ "/ingest", RESOURCE_PACKETS }, { "/v1/ingest", RESOURCE_PACKETS },
	{ "/logs", RESOURCE_PACKETS },   { "/message/send", RESOURCE_PACKETS },
	{ "/livez", RESOURCE_LIVEZ },    { "/healthz", RESOURCE_LIVEZ },
	{ "/readyz", RESOURCE_READYZ },
};

static bool slice_is(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* With and without a slash at the end: a 404 makes agents drop their data. */
static int find_path(struct http_slice path)
{
	if (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (slice_is(path, paths[i].path))
			return (int)i;
	return -1;
}

static bool refuse(struct answer *answer, enum refusal refusal)
{
	assert(refusal != REFUSAL_NONE);
	answer->kind = ANSWER_REFUSED;
	answer->refusal = refusal;
	return false;
}

/*
 * What is JSON by its name; absent, and what curl -d sends by itself, are taken for JSON as well:
 * the body is validated in any case.
 */
static bool type_is_json(struct http_slice type)
{
	static const char *const json[] = { "application/json", "text/json",
					    "application/x-www-form-urlencoded" };
	const char *semicolon = type.len ? memchr(type.data, ';', type.len) : NULL;
	size_t len = semicolon ? (size_t)(semicolon - type.data) : type.len;

	while (len > 0 && (type.data[len - 1] == ' ' || type.data[len - 1] == '\t'))
		len--;
	if (len == 0)
		return type.len == 0;
	for (size_t i = 0; i < ARRAY_LEN(json); i++)
		if (len == strlen(json[i]) && strncasecmp(type.data, json[i], len) == 0)
			return true;
	return len > 5 && strncasecmp(type.data + len - 5, "+json", 5) == 0;
}

const char *ingest_api_token(const struct ingest_api *api)
{
	return api->tokenp ? __atomic_load_n(api->tokenp, __ATOMIC_ACQUIRE) : NULL;
}

static bool decide_packet(const struct ingest_api *api, const struct http_head *head,
			  struct answer *answer)
{
	struct http_slice encoding = head->content_encoding;
	const char *token = ingest_api_token(api);

	if (head->method != HTTP_POST) {
		answer->allow = ALLOW_PACKETS;
		return refuse(answer, REFUSAL_METHOD_NOT_ALLOWED);
	}
	if (token && !secret_is_bearer(head->authorization.data, head->authorization.len, token))
		return refuse(answer, REFUSAL_UNAUTHORIZED);
	if (encoding.len && !(encoding.len == 8 && strncasecmp(encoding.data, "identity", 8) == 0))
		return refuse(answer, REFUSAL_CONTENT_ENCODING);
	if (!type_is_json(head->content_type))
		return refuse(answer, REFUSAL_MEDIA_TYPE);
	return true;
}

static bool decide_health(const struct ingest_api *api, enum resource resource,
			  const struct http_head *head, uint64_t now_us, struct answer *answer)
{
	enum health_verdict verdict;

	if (head->method != HTTP_GET && head->method != HTTP_HEAD) {
		answer->allow = ALLOW_HEALTH;
		return refuse(answer, REFUSAL_METHOD_NOT_ALLOWED);
	}
	verdict = resource == RESOURCE_READYZ ? health_ready(api->health, now_us)
					      : health_live(api->health, now_us);
	answer->kind = ANSWER_TEXT;
	answer->status = verdict == HEALTH_READY ? 200 : 503;
	answer->text = health_verdict_texts[verdict];
	return false;
}

bool ingest_api_decide(const struct ingest_api *api, const struct http_head *head, uint64_t now_us,
		       struct answer *answer)
{
	int at = find_path(head->path), resource = at < 0 ? -1 : (int)paths[at].resource;

	*answer = (struct answer){ .head_only = head->method == HTTP_HEAD,
				   .says_keep_alive = head->minor_version == 0 && head->keep_alive,
				   .path = at < 0 ? NULL : paths[at].path };
	if (head->method == HTTP_OPTIONS && (resource >= 0 || slice_is(head->path, "*"))) {
		answer->kind = ANSWER_OPTIONS;
		answer->allow =
			resource == RESOURCE_PACKETS || resource < 0 ? ALLOW_PACKETS : ALLOW_HEALTH;
		return false;
	}
	if (resource < 0)
		return refuse(answer, REFUSAL_NOT_FOUND);
	if (resource == RESOURCE_PACKETS)
		return decide_packet(api, head, answer);
	return decide_health(api, (enum resource)resource, head, now_us, answer);
}
