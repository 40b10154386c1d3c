/* Analyzers register, beat and leave. */
#include <string.h>

#include "common/json/json_get.h"
#include "common/log.h"
#include "common/rng.h"
#include "node/admin/admin_api.h"
#include "node/admin/analyzer_place.h"
#include "registry/membership.h"

#define INSTANCE_BYTES 16
#define HEARTBEATS_PER_LEASE 3

/* Optional fields that go into the registry's info; NULL: fine. */
static const char *check_info(const cJSON *body, cJSON *info)
{
	static const struct {
		const char *name;
		int64_t min, max;
		const char *why;
	} numbers[] = {
		{ "max_batch_packets", 1, 65536,
		  "max_batch_packets must be a whole number from 1 to 65536" },
		{ "max_batch_bytes", 1, 1 << 30,
		  "max_batch_bytes must be a whole number from 1 to 1073741824" },
		{ "slow_start_ms", 0, 3600000,
		  "slow_start_ms must be a whole number from 0 to 3600000" },
		{ "started_ms", 0, (int64_t)1 << 52,
		  "started_ms must be a whole number: ms of Unix time" },
	};
	const char *text = analyzer_accepts_names[ACCEPTS_BATCH];

	if (json_get_string(body, "accepts", &text) == JSON_E_TYPE ||
	    roster_name_index(analyzer_accepts_names, text) < 0)
		return "accepts must be \"batch\" or \"packet\"";
	cJSON_AddStringToObject(info, "accepts", text);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		int64_t value = 0;
		int r = json_get_int(body, numbers[i].name, numbers[i].min, numbers[i].max, &value);

		if (r == JSON_E_TYPE)
			return numbers[i].why;
		if (r == 0)
			cJSON_AddNumberToObject(info, numbers[i].name, (double)value);
	}
	text = NULL;
	if (json_get_string(body, "version", &text) == JSON_E_TYPE || (text && strlen(text) > 64))
		return "version must be a string of at most 64 characters";
	if (text)
		cJSON_AddStringToObject(info, "version", text);
	return NULL;
}

/* Of its own making, so that a registration may be sent again; else one is made here. */
static const char *check_instance(const cJSON *body, char instance[INSTANCE_MAX + 1])
{
	const char *text = NULL;
	int r = json_get_string(body, "instance", &text);

	if (r == JSON_E_TYPE || (r == 0 && membership_check_id(text)))
		return "instance must be 1 to 64 of A-Z a-z 0-9 . _ -";
	if (r == 0)
		strcpy(instance, text);
	else if (rng_token(instance, INSTANCE_BYTES) != 0)
		return "no random bytes";
	return NULL;
}

static const char *check_registration(const cJSON *body, struct registration *reg)
{
	reg->ttl_ms = MEMBERSHIP_TTL_DEFAULT_MS;
	if (membership_check_id(reg->id))
		return membership_check_id(reg->id);
	if (json_get_string(body, "url", &reg->url) != 0 || membership_check_url(reg->url))
		return "url is needed: http(s)://host[:port]/path, without user@, at most 512 characters";
	if (json_get_double(body, "weight", 0, 1e6, &reg->weight) != 0)
		return "weight is needed: a number from 0 to 1000000";
	if (json_get_int(body, "ttl_ms", MEMBERSHIP_TTL_MIN_MS, MEMBERSHIP_TTL_MAX_MS,
			 &reg->ttl_ms) == JSON_E_TYPE)
		return "ttl_ms must be a whole number from 500 to 600000";
	return NULL;
}

static int send_registered(struct admin_request *rq, const struct registration *reg, bool created,
			   uint64_t epoch)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "instance", reg->instance);
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	cJSON_AddNumberToObject(json, "ttl_ms", (double)reg->ttl_ms);
	cJSON_AddNumberToObject(json, "heartbeat_ms",
				(double)(reg->ttl_ms * 9 / 10 / HEARTBEATS_PER_LEASE));
	return admin_send_json(rq, created ? 201 : 200, json);
}

static int do_register(struct admin_api *api, struct admin_request *rq, struct registration *reg)
{
	bool created = false;
	uint64_t epoch = 0;
	int r;

	r = admin_begin_write(api);
	if (r == 0)
		r = membership_register(api->client, reg, &created, &epoch);
	admin_end_write(api);
	if (r != 0)
		return admin_refuse_error(api, rq, reg->id, r);
	control_refresh(api->config.control);
	log_info("admin", "analyzer registered", "analyzer=%s url=%s weight=%g", reg->id, reg->url,
		 reg->weight);
	return send_registered(rq, reg, created, epoch);
}

/* 0: it may live there. Else the request is answered. */
static int check_place(struct admin_api *api, struct admin_request *rq,
		       const struct registration *reg)
{
	static const struct {
		int status;
		const char *code;
	} refusals[] = { [PLACE_BAD] = { 400, "bad_field" },
			 [PLACE_UNKNOWN] = { 400, "address_unknown" },
			 [PLACE_REFUSED] = { 403, "address_not_allowed" } };
	char why[640];
	enum analyzer_place place = analyzer_place_check(api->config.shared->allow, reg->url, why);

	if (place == PLACE_ALLOWED)
		return 0;
	log_warn("admin", "registration refused", "analyzer=%s client=%s reason=%s", reg->id,
		 rq->client, why);
	return admin_refuse(rq, refusals[place].status, refusals[place].code, why, NULL);
}

int admin_register(struct admin_api *api, struct admin_request *rq, const char *id)
{
	cJSON *body = admin_read_object(rq), *info;
	char instance[INSTANCE_MAX + 1];
	struct registration reg = { .id = id, .instance = instance };
	AUTO_FREE char *info_text = NULL;
	const char *why;
	int status;

	if (!body)
		return 400;
	info = cJSON_CreateObject();
	why = check_registration(body, &reg);
	if (!why)
		why = check_instance(body, instance);
	if (!why)
		why = check_info(body, info);
	info_text = cJSON_PrintUnformatted(info);
	reg.info = info_text;
	if (why)
		status = admin_bad_field(rq, why);
	else if (!info_text)
		status = admin_refuse(rq, 503, "memory", "Out of memory.", NULL);
	else
		status = check_place(api, rq, &reg);
	if (!why && info_text && status == 0)
		status = do_register(api, rq, &reg);
	cJSON_Delete(info);
	cJSON_Delete(body);
	return status;
}

/* What heartbeat and deregister have in common. NULL: the request is answered. */
static cJSON *read_instance(struct admin_request *rq, const char **instancep, int64_t *processedp)
{
	cJSON *body = admin_read_object(rq);

	*processedp = -1;
	if (!body)
		return NULL;
	if (json_get_string(body, "instance", instancep) == 0 &&
	    json_get_int(body, "processed", 0, (int64_t)1 << 53, processedp) != JSON_E_TYPE)
		return body;
	cJSON_Delete(body);
	admin_bad_field(
		rq,
		"instance is needed: the string that registering answered; processed is a whole number");
	return NULL;
}

int admin_heartbeat(struct admin_api *api, struct admin_request *rq, const char *id)
{
	const char *instance;
	int64_t processed;
	uint64_t epoch;
	char fault[FAULT_TEXT_MAX + 1];
	cJSON *body = read_instance(rq, &instance, &processed), *json;
	int r;

	if (!body)
		return 400;
	r = admin_begin_write(api);
	if (r == 0)
		r = membership_renew(api->client, id, instance, processed, &epoch, fault);
	admin_end_write(api);
	cJSON_Delete(body);
	if (r != 0)
		return admin_refuse_error(api, rq, id, r);
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	if (fault[0])
		cJSON_AddStringToObject(json, "fault", fault);
	else
		cJSON_AddNullToObject(json, "fault");
	return admin_send_json(rq, 200, json);
}

int admin_deregister(struct admin_api *api, struct admin_request *rq, const char *id)
{
	const char *instance;
	int64_t processed;
	uint64_t epoch = 0;
	cJSON *body = read_instance(rq, &instance, &processed), *json;
	int r;

	if (!body)
		return 400;
	r = admin_begin_write(api);
	if (r == 0)
		r = membership_deregister(api->client, id, instance, processed, &epoch);
	admin_end_write(api);
	cJSON_Delete(body);
	if (r != 0)
		return admin_refuse_error(api, rq, id, r);
	control_refresh(api->config.control);
	log_info("admin", "analyzer deregistered", "analyzer=%s", id);
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	return admin_send_json(rq, 200, json);
}
