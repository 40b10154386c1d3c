#include "analyzer/registration.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/http/header_lines.h"
#include "common/json/json_get.h"
#include "common/json/json_read.h"

#define HEARTBEAT_MIN_MS 100
#define HEARTBEAT_MAX_MS 3600000

void registration_url(struct buf *out, const char *base, const char *id, const char *suffix)
{
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	buf_append(out, base, len);
	buf_printf(out, "/v1/analyzers/%s%s", id, suffix);
}

static bool is_any_address(const struct net_addr *addr)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)&addr->sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;

	if (addr->sa.ss_family == AF_INET)
		return in4->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

void registration_delivery_url(struct buf *out, const char *scheme, const struct net_addr *bound,
			       const char *path)
{
	char host[256], text[NET_ADDR_STRLEN];

	if (is_any_address(bound) && gethostname(host, sizeof(host)) == 0) {
		host[sizeof(host) - 1] = '\0';
		buf_printf(out, "%s://%s:%u%s", scheme, host, net_addr_port(bound), path);
		return;
	}
	net_addr_format(bound, text);
	buf_printf(out, "%s://%s%s", scheme, text, path);
}

/* Takes json. */
static void append_json(struct buf *out, cJSON *json, bool ok)
{
	char *text = ok ? cJSON_PrintUnformatted(json) : NULL;

	if (text)
		buf_append_str(out, text);
	else
		out->failed = true;
	cJSON_free(text);
	cJSON_Delete(json);
}

static bool add_headers(cJSON *json, const struct conf_list *list)
{
	cJSON *headers;
	bool ok = true;

	if (!list || list->n_values == 0)
		return true;
	headers = cJSON_AddObjectToObject(json, "headers");
	for (size_t i = 0; headers && ok && i < list->n_values; i++) {
		struct http_slice name, value;
		char its_name[HEADER_LINES_NAME_MAX + 1], its_value[HEADER_LINES_VALUE_MAX + 1];
		const char *line = list->values[i];

		if (header_lines_split(line, strlen(line), &name, &value))
			continue; /* it is none: the config has refused it */
		snprintf(its_name, sizeof(its_name), "%.*s", (int)name.len, name.data);
		snprintf(its_value, sizeof(its_value), "%.*s", (int)value.len, value.data);
		ok = cJSON_AddStringToObject(headers, its_name, its_value);
	}
	return headers && ok;
}

void registration_body(struct buf *out, const struct member *member, const char *instance,
		       uint64_t started_ms)
{
	cJSON *json = cJSON_CreateObject();
	bool ok =
		cJSON_AddStringToObject(json, "url", member->url) &&
		cJSON_AddNumberToObject(json, "weight", member->weight) &&
		cJSON_AddNumberToObject(json, "ttl_ms", (double)member->ttl_ms) &&
		cJSON_AddStringToObject(json, "accepts", member->accepts) &&
		cJSON_AddNumberToObject(json, "max_batch_packets",
					(double)member->max_batch_packets) &&
		cJSON_AddNumberToObject(json, "max_batch_bytes", (double)member->max_batch_bytes) &&
		cJSON_AddStringToObject(json, "version", WEIR_VERSION) &&
		cJSON_AddStringToObject(json, "instance", instance) &&
		cJSON_AddNumberToObject(json, "started_ms", (double)started_ms);

	if (ok && member->delivery_token)
		ok = cJSON_AddStringToObject(json, "delivery_token", member->delivery_token);
	if (ok && member->encoding)
		ok = cJSON_AddStringToObject(json, "encoding", member->encoding);
	if (ok)
		ok = add_headers(json, member->headers);
	if (ok && member->replace)
		ok = cJSON_AddTrueToObject(json, "replace");
	if (ok && member->slow_start_ms > 0)
		ok = cJSON_AddNumberToObject(json, "slow_start_ms", (double)member->slow_start_ms);
	append_json(out, json, ok);
}

void registration_heartbeat_body(struct buf *out, const char *instance, uint64_t n_processed)
{
	cJSON *json = cJSON_CreateObject();
	bool ok = cJSON_AddStringToObject(json, "instance", instance);

	if (ok && n_processed != PROCESSED_UNKNOWN)
		ok = cJSON_AddNumberToObject(json, "processed", (double)n_processed);
	append_json(out, json, ok);
}

static int read_lease(struct lease *lease, const cJSON *json, uint64_t ttl_ms)
{
	int64_t heartbeat_ms = (int64_t)(ttl_ms / 3);
	const char *instance;

	if (json_get_string(json, "instance", &instance) || strlen(instance) >= INSTANCE_STRLEN)
		return REGISTRATION_E_ANSWER;
	if (json_get_int(json, "heartbeat_ms", 1, HEARTBEAT_MAX_MS, &heartbeat_ms) == JSON_E_TYPE)
		return REGISTRATION_E_ANSWER;
	strcpy(lease->instance, instance);
	lease->heartbeat_ms =
		heartbeat_ms < HEARTBEAT_MIN_MS ? HEARTBEAT_MIN_MS : (uint64_t)heartbeat_ms;
	return 0;
}

int registration_parse(struct lease *lease, const char *answer, uint64_t ttl_ms)
{
	cJSON *json = json_read_text(answer);
	int r = cJSON_IsObject(json) ? read_lease(lease, json, ttl_ms) : REGISTRATION_E_ANSWER;

	cJSON_Delete(json);
	return r;
}

int registration_parse_heartbeat(char fault[FAULT_STRLEN], const char *answer)
{
	cJSON *json = json_read_text(answer);
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "fault"));
	int r = cJSON_IsObject(json) ? 0 : REGISTRATION_E_ANSWER;

	snprintf(fault, FAULT_STRLEN, "%s", text ? text : "");
	cJSON_Delete(json);
	return r;
}

void registration_parse_refusal(char why[REFUSAL_STRLEN], const char *answer)
{
	cJSON *json = json_read_text(answer);
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "detail"));

	snprintf(why, REFUSAL_STRLEN, "%s", text ? text : "");
	cJSON_Delete(json);
}
