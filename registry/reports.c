#include "registry/reports.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json/json_read.h"

#define AMOUNT_MOST 1e15

/* 0 for what cannot be counted. */
static double amount(const cJSON *item)
{
	bool is_amount =
		cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= AMOUNT_MOST;

	return is_amount ? item->valuedouble : 0;
}

static double number(const cJSON *object, const char *name)
{
	return amount(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return value ? value : "";
}

/* NULL: the analyzer has left since. */
static struct lanes *lanes_of(struct reports *r, const struct roster *roster, const char *id)
{
	const struct analyzer *a = roster_find(roster, id);

	return a ? &r->lanes[a - roster->analyzers] : NULL;
}

/* "12" or "12.5", as nodes write amounts: there are thousands of them each second, and strtod takes
 * several times as long. */
static bool read_amount(const char **atp, double *amountp)
{
	const char *at = *atp;
	double n = 0, unit = 1;

	for (; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (*at - '0');
	if (at == *atp)
		return false;
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++)
			n += (*at - '0') * (unit /= 10);
	*atp = at;
	*amountp = n;
	return n <= AMOUNT_MOST;
}

static bool add_count(const char **atp, double *sump)
{
	double n;

	if (!read_amount(atp, &n))
		return false;
	*sump += n;
	return true;
}

/* " BUCKET:COUNT", or what is something else: false. */
static bool add_time(const char **atp, double times[METRICS_N_BUCKETS + 1])
{
	double bucket;

	if (*(*atp)++ != ' ' || !read_amount(atp, &bucket) || bucket > METRICS_N_BUCKETS ||
	    bucket != floor(bucket) || *(*atp)++ != ':')
		return false;
	return add_count(atp, &times[(unsigned)bucket]);
}

/* "QUEUED FLYING PAUSED BUCKET:COUNT ... failed:COUNT"; what is something else, and all behind it,
 * is left out. */
static void add_lane(struct lanes *lanes, const char *at)
{
	static const char failed[] = " failed:";
	double *const counts[] = { &lanes->queued, &lanes->flying, &lanes->paused };
	bool goes_on = true;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		at += i > 0 && *at == ' ';
		if (!add_count(&at, counts[i]))
			return;
	}
	while (goes_on && *at == ' ') {
		if (strncmp(at, failed, sizeof(failed) - 1) == 0) {
			at += sizeof(failed) - 1;
			goes_on = add_count(&at, &lanes->failed);
		} else {
			goes_on = add_time(&at, lanes->times);
		}
	}
}

static void add_up(struct lanes *sum, const struct lanes *lanes)
{
	sum->queued += lanes->queued;
	sum->flying += lanes->flying;
	sum->paused += lanes->paused;
	sum->failed += lanes->failed;
	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		sum->times[i] += lanes->times[i];
}

/* all: of the node that reports them. */
static void add_lanes(struct reports *r, const struct roster *roster, const cJSON *list,
		      struct lanes *all)
{
	const cJSON *lane;

	if (!cJSON_IsObject(list))
		return; /* what is in a list has no names */
	cJSON_ArrayForEach (lane, list) {
		struct lanes *lanes = lanes_of(r, roster, lane->string), one = { 0 };

		if (!lanes || !cJSON_IsString(lane))
			continue;
		add_lane(&one, lane->valuestring);
		add_up(lanes, &one);
		add_up(all, &one);
	}
}

static void add_trouble(struct reports *r, const struct roster *roster, const cJSON *list)
{
	const cJSON *breaker;

	cJSON_ArrayForEach (breaker, list) {
		struct lanes *lanes = lanes_of(r, roster, text(breaker, "analyzer"));
		const char *state = text(breaker, "state");
		cJSON *copy;

		if (!lanes)
			continue;
		lanes->n_open += strcmp(state, "open") == 0;
		lanes->n_half_open += strcmp(state, "half_open") == 0;
		lanes->n_hanging += strcmp(state, "hanging") == 0;
		lanes->n_slow += strcmp(state, "slow") == 0;
		copy = cJSON_CreateObject();
		cJSON_AddStringToObject(copy, "worker", text(breaker, "worker"));
		cJSON_AddStringToObject(copy, "state", state);
		cJSON_AddNumberToObject(copy, "left_ms", number(breaker, "left_ms"));
		cJSON_AddNumberToObject(copy, "failures", number(breaker, "failures"));
		cJSON_AddItemToArray(lanes->trouble, copy);
	}
}

static void add_refused(struct reports *r, const cJSON *reasons)
{
	const cJSON *reason;

	if (!cJSON_IsObject(reasons))
		return;
	cJSON_ArrayForEach (reason, reasons) {
		cJSON *sum = cJSON_GetObjectItemCaseSensitive(r->refused, reason->string);

		r->n_refused += amount(reason);
		if (sum)
			cJSON_SetNumberValue(sum, sum->valuedouble + amount(reason));
		else if (amount(reason) > 0)
			cJSON_AddNumberToObject(r->refused, reason->string, amount(reason));
	}
}

/* The least of both, but for 0. */
static double earlier(double a, double b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void add_refusing(struct reports *r, const cJSON *reasons)
{
	const cJSON *reason;

	if (!cJSON_IsObject(reasons))
		return;
	cJSON_ArrayForEach (reason, reasons) {
		cJSON *sum = cJSON_GetObjectItemCaseSensitive(r->refusing, reason->string);
		double since_ms = earlier(number(sum, "since_ms"), number(reason, "since_ms"));
		double per_s = number(sum, "per_s") + number(reason, "per_s");

		if (!sum)
			sum = cJSON_AddObjectToObject(r->refusing, reason->string);
		cJSON_DeleteItemFromObjectCaseSensitive(sum, "per_s");
		cJSON_DeleteItemFromObjectCaseSensitive(sum, "since_ms");
		cJSON_DeleteItemFromObjectCaseSensitive(sum, "status");
		cJSON_AddNumberToObject(sum, "status", number(reason, "status"));
		cJSON_AddNumberToObject(sum, "per_s", per_s);
		cJSON_AddNumberToObject(sum, "since_ms", since_ms);
	}
}

static void merge_check(struct lane_check *sum, const cJSON *check)
{
	sum->since_ms = earlier(sum->since_ms, number(check, "since_ms"));
	sum->change_ms = fmax(sum->change_ms, number(check, "change_ms"));
	sum->checked_ms = fmax(sum->checked_ms, number(check, "checked_ms"));
	sum->down_s = fmax(sum->down_s, number(check, "down_s"));
	sum->flaps = fmax(sum->flaps, number(check, "flaps"));
	if (number(check, "error_ms") <= sum->error_ms)
		return;
	sum->error_ms = number(check, "error_ms");
	snprintf(sum->error, sizeof(sum->error), "%s", text(check, "error"));
}

static void add_checks(struct reports *r, const struct roster *roster, const cJSON *checks)
{
	const cJSON *check;

	if (!cJSON_IsObject(checks))
		return;
	cJSON_ArrayForEach (check, checks) {
		struct lanes *lanes = lanes_of(r, roster, check->string);

		if (lanes)
			merge_check(&lanes->check, check);
	}
}

static cJSON *ack_json(const double times[METRICS_N_BUCKETS + 1]);

/* The report's text becomes percentiles. */
static void add_ack(struct reports *r, cJSON *report)
{
	const char *at = text(report, "ack");
	double times[METRICS_N_BUCKETS + 1] = { 0 };

	while (*at == ' ' && add_time(&at, times))
		;
	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		r->ack[i] += times[i];
	cJSON_DeleteItemFromObjectCaseSensitive(report, "ack");
	cJSON_AddItemToObject(report, "ack", ack_json(times));
}

static void add_node(struct reports *r, const struct roster *roster, const char *node,
		     const char *json)
{
	cJSON *report = json_read_text(json);
	struct lanes all = { 0 };

	if (!cJSON_IsObject(report)) {
		cJSON_Delete(report);
		return;
	}
	r->n_workers += number(report, "workers");
	add_lanes(r, roster, cJSON_GetObjectItemCaseSensitive(report, "lanes"), &all);
	add_trouble(r, roster, cJSON_GetObjectItemCaseSensitive(report, "trouble"));
	add_refused(r, cJSON_GetObjectItemCaseSensitive(report, "refused"));
	add_refusing(r, cJSON_GetObjectItemCaseSensitive(report, "refusing"));
	add_checks(r, roster, cJSON_GetObjectItemCaseSensitive(report, "checks"));
	cJSON_DeleteItemFromObjectCaseSensitive(report, "refusing");
	cJSON_DeleteItemFromObjectCaseSensitive(report, "checks");
	add_ack(r, report);
	cJSON_DeleteItemFromObjectCaseSensitive(report, "lanes"); /* summed up, and large */
	cJSON_DeleteItemFromObjectCaseSensitive(report, "trouble");
	lanes_add_health(&all, report);
	r->of_nodes[r->n_nodes++] = all;
	cJSON_AddItemToObject(r->nodes, node, report);
}

static int make_lanes(struct reports *r, unsigned n)
{
	r->lanes = calloc(n + 1, sizeof(*r->lanes));
	if (!r->lanes)
		return -ENOMEM;
	for (; r->n_lanes < n; r->n_lanes++) {
		r->lanes[r->n_lanes].trouble = cJSON_CreateArray();
		if (!r->lanes[r->n_lanes].trouble)
			return -ENOMEM;
	}
	return 0;
}

static void add_hash(struct reports *r, const redisReply *hash, const struct reports_own *own,
		     const struct roster *roster)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2) {
		const redisReply *node = hash->element[i], *report = hash->element[i + 1];

		if (node->type != REDIS_REPLY_STRING || report->type != REDIS_REPLY_STRING ||
		    (own && own->json && strcmp(node->str, own->node) == 0) ||
		    !roster_has_node(roster, node->str))
			continue;
		add_node(r, roster, node->str, report->str);
	}
}

int reports_init(struct reports *r, const redisReply *hash, const struct reports_own *own,
		 const struct roster *roster)
{
	*r = (struct reports){ .nodes = cJSON_CreateObject(),
			       .refused = cJSON_CreateObject(),
			       .refusing = cJSON_CreateObject() };
	r->of_nodes = calloc((hash ? hash->elements / 2 : 0) + 2, sizeof(*r->of_nodes));
	if (!r->nodes || !r->refused || !r->refusing || !r->of_nodes ||
	    make_lanes(r, roster->n_analyzers) != 0) {
		reports_deinit(r);
		return -ENOMEM;
	}
	if (own && own->json)
		add_node(r, roster, own->node, own->json);
	if (hash)
		add_hash(r, hash, own, roster);
	return 0;
}

int reports_read(struct client *client, const struct registry_keys *keys,
		 const struct reports_own *own, const struct roster *roster, struct reports *r)
{
	const char *const words[] = { "HGETALL", keys->names[KEY_REPORT] };
	redisReply *reply;
	int error = client_command(client, &reply, ARRAY_LEN(words), words);

	if (error != 0)
		return error;
	error = reports_init(r, reply, own, roster);
	freeReplyObject(reply);
	return error;
}

int reports_read_node(struct client *client, const struct registry_keys *keys,
		      const struct roster *roster, const char *node, struct reports *r)
{
	const char *const words[] = { "HGET", keys->names[KEY_REPORT], node };
	struct reports_own own = { .node = node };
	redisReply *reply;
	int error = client_command(client, &reply, ARRAY_LEN(words), words);

	if (error != 0)
		return error;
	if (reply->type == REDIS_REPLY_STRING && roster_has_node(roster, node))
		own.json = reply->str;
	error = reports_init(r, NULL, &own, roster);
	freeReplyObject(reply);
	return error;
}

void reports_deinit(struct reports *r)
{
	for (unsigned i = 0; i < r->n_lanes; i++)
		cJSON_Delete(r->lanes[i].trouble);
	free(r->lanes);
	free(r->of_nodes);
	cJSON_Delete(r->nodes);
	cJSON_Delete(r->refused);
	cJSON_Delete(r->refusing);
	*r = (struct reports){ 0 };
}

const struct lanes *reports_node(const struct reports *r, const char *node)
{
	const cJSON *report;
	unsigned i = 0;

	cJSON_ArrayForEach (report, r->nodes) {
		if (strcmp(report->string, node) == 0)
			return &r->of_nodes[i];
		i++;
	}
	return NULL;
}

struct lanes reports_all(const struct reports *r)
{
	struct lanes all = { 0 };

	for (unsigned i = 0; i < r->n_nodes; i++)
		add_up(&all, &r->of_nodes[i]);
	return all;
}

/* ---- figures ---- */

static double count(const double times[METRICS_N_BUCKETS + 1])
{
	double total = 0;

	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		total += times[i];
	return total;
}

static bool percentile(const double times[METRICS_N_BUCKETS + 1], double percent, double *msp)
{
	double total = count(times), rank, below = 0, from_us = 0;

	if (total <= 0)
		return false;
	rank = total * percent / 100;
	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		double to_us = (double)metrics_bucket_us[i], n = times[i];

		if (n > 0 && below + n >= rank) {
			*msp = (from_us + (to_us - from_us) * (rank - below) / n) / US_PER_MS;
			return true;
		}
		below += n;
		from_us = to_us;
	}
	*msp = from_us / US_PER_MS; /* or more */
	return true;
}

bool lanes_percentile(const struct lanes *lanes, double percent, double *msp)
{
	return percentile(lanes->times, percent, msp);
}

bool reports_ack_percentile(const struct reports *r, double percent, double *msp)
{
	return percentile(r->ack, percent, msp);
}

bool lanes_error_ratio(const struct lanes *lanes, double *ratiop)
{
	double total = count(lanes->times);

	if (total <= 0)
		return false;
	*ratiop = lanes->failed < total ? lanes->failed / total : 1;
	return true;
}

static void add_figure(cJSON *json, const char *name, bool is_known, double value, double digits)
{
	cJSON_DeleteItemFromObjectCaseSensitive(json, name);
	if (is_known)
		cJSON_AddNumberToObject(json, name, round(value * digits) / digits);
	else
		cJSON_AddNullToObject(json, name);
}

/* What is 0, or not known, is left out: that is so for nearly all analyzers, each second. */
static void add_known(cJSON *json, const char *name, double value, double digits)
{
	if (value > 0)
		cJSON_AddNumberToObject(json, name, round(value * digits) / digits);
}

void lanes_add_check(const struct lanes *lanes, cJSON *json)
{
	const struct lane_check *check = &lanes->check;
	cJSON *object = cJSON_AddObjectToObject(json, "check");

	add_known(object, "since_ms", check->since_ms, 1);
	add_known(object, "change_ms", check->change_ms, 1);
	add_known(object, "checked_ms", check->checked_ms, 1);
	add_known(object, "down_s", check->down_s, 1);
	add_known(object, "flaps", check->flaps, 10);
	add_known(object, "error_ms", check->error_ms, 1);
	if (check->error[0])
		cJSON_AddStringToObject(object, "error", check->error);
}

void lanes_add_health(const struct lanes *lanes, cJSON *json)
{
	double p50_ms = 0, p99_ms = 0, ratio = 0;
	bool is_known = lanes_percentile(lanes, 50, &p50_ms) &&
			lanes_percentile(lanes, 99, &p99_ms) && lanes_error_ratio(lanes, &ratio);

	add_figure(json, "p50_ms", is_known, p50_ms, 100);
	add_figure(json, "p99_ms", is_known, p99_ms, 100);
	add_figure(json, "error_ratio", is_known, ratio, 1e4);
}

static cJSON *ack_json(const double times[METRICS_N_BUCKETS + 1])
{
	static const struct {
		const char *name;
		double percent;
	} figures[] = { { "p50_ms", 50 }, { "p99_ms", 99 }, { "p99_9_ms", 99.9 } };
	cJSON *json = cJSON_CreateObject();

	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		double ms = 0;
		bool is_known = percentile(times, figures[i].percent, &ms);

		add_figure(json, figures[i].name, is_known, ms, 100);
	}
	return json;
}

cJSON *reports_ack_json(const struct reports *r)
{
	return ack_json(r->ack);
}
