/* Analyzers register, beat and leave. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/rng.h"
#include "node/admin/admin_api.h"
#include "node/admin/admin_body.h"
#include "node/admin/analyzer_place.h"
#include "registry/analyzer_headers.h"
#include "registry/membership.h"

#define INSTANCE_BYTES 16
#define HEARTBEATS_PER_LEASE 3

enum {
	URL,
	WEIGHT,
	TTL,
	INSTANCE,
	ACCEPTS,
	VERSION,
	BATCH_PACKETS,
	BATCH_BYTES,
	SLOW_START,
	STARTED,
	DELIVERY_TOKEN,
	HEADERS,
	ENCODING,
	REPLACE,
	FIELDS
};
static const struct body_field fields[FIELDS] = {
	[URL] = { "url", BODY_TEXT,
		  "http(s)://host[:port]/path, without user@, at most 512 characters",
		  .is_needed = true, .check = membership_check_url },
	[WEIGHT] = { "weight", BODY_NUMBER, "a number from 0 to 1000000", .is_needed = true,
		     .max = 1e6 },
	[TTL] = { "ttl_ms", BODY_WHOLE, "a whole number from 500 to 600000",
		  .min = MEMBERSHIP_TTL_MIN_MS, .max = MEMBERSHIP_TTL_MAX_MS },
	[INSTANCE] = { "instance", BODY_TEXT, "1 to 64 of A-Z a-z 0-9 . _ -",
		       .check = membership_check_id },
	[ACCEPTS] = { "accepts", BODY_TEXT, "\"batch\", \"packet\" or \"request\"",
		      .choices = analyzer_accepts_names },
	[VERSION] = { "version", BODY_TEXT, "a string of at most 64 characters", .max = 64 },
	[BATCH_PACKETS] = { "max_batch_packets", BODY_WHOLE, "a whole number from 1 to 65536",
			    .min = 1, .max = 65536 },
	[BATCH_BYTES] = { "max_batch_bytes", BODY_WHOLE, "a whole number from 1 to 1073741824",
			  .min = 1, .max = 1 << 30 },
	[SLOW_START] = { "slow_start_ms", BODY_WHOLE, "a whole number from 0 to 3600000",
			 .max = 3600000 },
	[STARTED] = { "started_ms", BODY_WHOLE, "a whole number: ms of Unix time",
		      .max = (double)((int64_t)1 << 52) },
	[DELIVERY_TOKEN] = { "delivery_token", BODY_TEXT, "16 to 128 of A-Z a-z 0-9 - . _ ~ + / =",
			     .check = membership_check_token },
	[HEADERS] = { "headers", BODY_OBJECT, "an object of at most 16 names and values",
		      .max = HEADER_LINES_MOST },
	[ENCODING] = { "encoding", BODY_TEXT, "\"identity\" or \"gzip\"",
		       .choices = analyzer_encoding_names },
	[REPLACE] = { "replace", BODY_BOOL, "true or false" },
};
static_assert(FIELDS <= BODY_FIELDS_MAX, "a body has room for all of them");
static_assert(HEADER_LINES_MOST == 16, "as is said above");
static_assert(MEMBERSHIP_TTL_MIN_MS == 500 && MEMBERSHIP_TTL_MAX_MS == 600000, "as is said above");

/* The fields that go into the registry's info as they came. NULL: out of memory. */
static char *info_text(const struct body *body)
{
	cJSON *info = cJSON_CreateObject();
	char *text;

	static_assert(ACCEPTS + 1 == VERSION && ENCODING + 1 == REPLACE, "they stand together");
	cJSON_AddStringToObject(info, "accepts",
				body_text(body, ACCEPTS, analyzer_accepts_names[ACCEPTS_BATCH]));
	for (unsigned i = VERSION; i <= ENCODING; i++)
		if (body->values[i])
			cJSON_AddItemToObject(info, fields[i].name,
					      cJSON_Duplicate(body->values[i], true));
	text = cJSON_PrintUnformatted(info);
	cJSON_Delete(info);
	return text;
}

/* An instance of its own making, so that a registration may be sent again; else one is made here.
 * Negative errno. */
static int take_instance(const struct body *body, char instance[INSTANCE_MAX + 1])
{
	const char *given = body_text(body, INSTANCE, NULL);

	static_assert(2 * INSTANCE_BYTES <= INSTANCE_MAX, "two digits for each byte");
	static_assert(ANALYZER_ID_MAX <= INSTANCE_MAX, "it was checked as an id is");
	if (!given)
		return rng_token(instance, INSTANCE_BYTES);
	strcpy(instance, given);
	return 0;
}

static int send_registered(const struct admin_api *api, struct front_request *rq,
			   const struct registration *reg, bool created, uint64_t epoch)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "instance", reg->instance);
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	cJSON_AddNumberToObject(json, "ttl_ms", (double)reg->ttl_ms);
	cJSON_AddNumberToObject(json, "heartbeat_ms",
				(double)(reg->ttl_ms * 9 / 10 / HEARTBEATS_PER_LEASE));
	cJSON_AddNumberToObject(json, "delivery_timeout_ms",
				(double)api->config.shared->config->delivery_timeout_ms);
	return front_send_json(rq, created ? 201 : 200, json);
}

static int refuse_in_use(struct admin_api *api, struct front_request *rq,
			 const struct registration *reg)
{
	CLEANUP(roster_unrefp) struct roster *known = control_roster(api->config.control);
	const struct analyzer *other = known ? roster_find(known, reg->id) : NULL;
	char detail[ANALYZER_URL_MAX + 256];

	snprintf(detail, sizeof(detail),
		 "An analyzer with the id \"%s\" is alive%s%s. Take another id, wait until it "
		 "has left, or send \"replace\": true.",
		 reg->id, other ? " at " : "", other ? other->url : "");
	log_warn("admin", "registration refused", "analyzer=%s client=%s reason=%s", reg->id,
		 rq->client, detail);
	return admin_refuse(rq, 409, "in_use", detail, NULL);
}

static int do_register(struct admin_api *api, struct front_request *rq, struct registration *reg)
{
	bool created = false;
	uint64_t epoch = 0;
	int r;

	r = admin_begin_write(api);
	if (r == 0)
		r = membership_register(api->client, reg, &created, &epoch);
	admin_end_write(api);
	if (r == MEMBERSHIP_E_IN_USE)
		return refuse_in_use(api, rq, reg);
	if (r == MEMBERSHIP_E_FULL)
		return admin_refuse_for(
			rq, 503, "full",
			"The pool has as many analyzers as it can hold; see Retry-After.",
			(unsigned)((epoch + 999) / 1000));
	if (r != 0)
		return admin_refuse_error(api, rq, reg->id, r);
	control_refresh(api->config.control);
	log_info("admin", "analyzer registered", "analyzer=%s url=%s weight=%g by=%s", reg->id,
		 reg->url, reg->weight, reg->by);
	return send_registered(api, rq, reg, created, epoch);
}

/* 0: it may live there. Else the request is answered. */
static int check_place(struct admin_api *api, struct front_request *rq,
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
	assert(place < ARRAY_LEN(refusals) && refusals[place].code);
	log_warn("admin", "registration refused", "analyzer=%s client=%s reason=%s", reg->id,
		 rq->client, why);
	return admin_refuse(rq, refusals[place].status, refusals[place].code, why, NULL);
}

/* 0: the id is known, or may be new. Else the request is answered. Who has a token may do as much
 * as the pool holds. */
static int check_new_id(struct admin_api *api, struct front_request *rq, const char *id)
{
	CLEANUP(roster_unrefp) struct roster *known = control_roster(api->config.control);
	unsigned wait_s;

	if (rq->is_trusted || (known && roster_find(known, id)))
		return 0;
	wait_s = new_ids_take(&api->new_ids, &rq->from, clock_mono_us());
	if (!wait_s)
		return 0;
	log_warn("admin", "registration refused", "analyzer=%s client=%s reason=%s", id, rq->client,
		 "too many new ids");
	return admin_refuse_for(rq, 429, "too_many_new_ids",
				"Too many new ids came from your address; see Retry-After.",
				wait_s);
}

/* NULL, or why the headers cannot be, without their values. */
static const char *check_headers(const struct body *body)
{
	static const struct http_slice own = { "Authorization", sizeof("Authorization") - 1 };
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	const char *why = analyzer_headers_read(body->values[HEADERS], &lines);

	if (!why && body->values[DELIVERY_TOKEN] && header_lines_have(buf_str(&lines), own))
		why = "delivery_token and the header Authorization are one header: give one of them";
	return why;
}

int admin_register(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct body body CLEANUP(body_deinit) = { 0 };
	char instance[INSTANCE_MAX + 1];
	AUTO_FREE char *info = NULL;
	char by[ADMIN_BY_SIZE];
	const char *why;
	struct registration reg = { .id = id, .instance = instance, .by = by };
	int status;

	if (!body_read(rq, fields, FIELDS, &body))
		return 400;
	if (membership_check_id(id))
		return admin_bad_field(rq, membership_check_id(id));
	why = check_headers(&body);
	if (why)
		return admin_bad_field(rq, why);
	reg.info = info = info_text(&body);
	if (!info || take_instance(&body, instance) != 0)
		return admin_refuse(rq, 503, "memory", "Out of memory, or of random bytes.", NULL);
	reg.url = body_text(&body, URL, "");
	reg.weight = body_number(&body, WEIGHT, 0);
	reg.ttl_ms = (int64_t)body_number(&body, TTL, MEMBERSHIP_TTL_DEFAULT_MS);
	reg.spares_others = !body_is_true(&body, REPLACE);
	admin_write_by(rq, by);
	status = check_new_id(api, rq, id);
	if (status == 0)
		status = check_place(api, rq, &reg);
	return status ? status : do_register(api, rq, &reg);
}

enum { WHO_INSTANCE, WHO_PROCESSED, WHO_FIELDS };
static const struct body_field who_fields[WHO_FIELDS] = {
	[WHO_INSTANCE] = { "instance", BODY_TEXT, "the string that registering answered",
			   .is_needed = true },
	[WHO_PROCESSED] = { "processed", BODY_WHOLE, "a whole number of messages",
			    .max = (double)((int64_t)1 << 53) },
};

int admin_heartbeat(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct body body CLEANUP(body_deinit) = { 0 };
	uint64_t epoch;
	char fault[FAULT_TEXT_MAX + 1];
	cJSON *json;
	int r;

	if (!body_read(rq, who_fields, WHO_FIELDS, &body))
		return 400;
	r = admin_begin_write(api);
	if (r == 0)
		r = membership_renew(api->client, id, body_text(&body, WHO_INSTANCE, ""),
				     (int64_t)body_number(&body, WHO_PROCESSED, -1), &epoch, fault);
	admin_end_write(api);
	if (r != 0)
		return admin_refuse_error(api, rq, id, r);
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	if (fault[0])
		cJSON_AddStringToObject(json, "fault", fault);
	else
		cJSON_AddNullToObject(json, "fault");
	return front_send_json(rq, 200, json);
}

static int answer_left(struct admin_api *api, struct front_request *rq, const char *id, int error,
		       uint64_t epoch)
{
	cJSON *json;

	if (error != 0)
		return admin_refuse_error(api, rq, id, error);
	control_refresh(api->config.control);
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "epoch", (double)epoch);
	return front_send_json(rq, 200, json);
}

/* An operator removes what is gone, and knows no instance. */
static int remove_it(struct admin_api *api, struct front_request *rq, const char *id)
{
	char by[ADMIN_BY_SIZE];
	uint64_t epoch = 0;
	int r = admin_begin_write(api);

	admin_write_by(rq, by);
	if (r == 0)
		r = membership_remove(api->client, id, by, &epoch);
	admin_end_write(api);
	if (r == 0)
		log_info("admin", "analyzer removed", "analyzer=%s by=%s", id, by);
	return answer_left(api, rq, id, r, epoch);
}

int admin_deregister(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct body body CLEANUP(body_deinit) = { 0 };
	uint64_t epoch = 0;
	int r;

	if (rq->body.len == 0 && rq->is_operator)
		return remove_it(api, rq, id);
	if (!body_read(rq, who_fields, WHO_FIELDS, &body))
		return 400;
	r = admin_begin_write(api);
	if (r == 0)
		r = membership_deregister(api->client, id, body_text(&body, WHO_INSTANCE, ""),
					  (int64_t)body_number(&body, WHO_PROCESSED, -1), &epoch);
	admin_end_write(api);
	if (r == 0)
		log_info("admin", "analyzer deregistered", "analyzer=%s", id);
	return answer_left(api, rq, id, r, epoch);
}
