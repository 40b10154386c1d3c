#include "analyzer/ingest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/request_body.h"
#include "common/clock.h"
#include "common/log.h"

#define BATCH_MAX_PACKETS 10000000

/* Packets in the batch as its header says, 0: the body is one packet. */
static enum refusal expected_packets(const struct ingest *ingest, struct front_request *rq,
				     uint64_t *n_expectedp)
{
	const char *text = rq->fields[FIELD_WEIR_PACKETS];
	char *end;

	*n_expectedp = 0;
	if (!text || ingest->config->accepts != ACCEPTS_BATCH)
		return REFUSED_NOT;
	if (!*text || strspn(text, "0123456789") != strlen(text))
		return REFUSED_BATCH_SIZE;
	*n_expectedp = strtoull(text, &end, 10);
	return *n_expectedp > 0 && *n_expectedp <= BATCH_MAX_PACKETS ? REFUSED_NOT
								     : REFUSED_BATCH_SIZE;
}

static enum refusal play_faults(const struct ingest *ingest, struct worker *worker)
{
	struct fault fault = faults_now(ingest->faults);

	if (fault.delay_ms > 0)
		faults_delay(ingest->faults, fault.delay_ms);
	if (fault.is_disabled)
		return REFUSED_DISABLED;
	if (fault.is_down)
		return REFUSED_DOWN;
	if (fault.error_rate > 0 && rng_unit(&worker->rng) < fault.error_rate)
		return REFUSED_FAULT;
	return REFUSED_NOT;
}

/* As a bug would end it: nothing is answered, nothing is told. */
static void play_crash(const struct ingest *ingest, const char *data, size_t len)
{
	const char *text = ingest->config->crash_on;

	if (text && memmem(data, len, text, strlen(text)))
		_exit(1);
}

enum refusal ingest_play(const struct ingest *ingest, struct worker *worker, const char *data,
			 size_t len)
{
	play_crash(ingest, data, len);
	return play_faults(ingest, worker);
}

/* "first/mark, last/mark": the last pool is the one that delivers. */
static void read_pool(const char *list, char out[POOL_STRLEN])
{
	const char *last = strrchr(list, ',');
	size_t len;

	last = last ? last + 1 : list;
	last += strspn(last, " \t");
	len = strcspn(last, "/ \t");
	snprintf(out, POOL_STRLEN, "%.*s", (int)len, last);
}

void ingest_set_origin(const struct ingest *ingest, struct worker *worker,
		       const struct front_request *rq)
{
	const char *pool = rq->fields[FIELD_WEIR_POOL];

	worker->origin = (struct origin){ .analyzer = ingest->config->id,
					  .node = rq->fields[FIELD_WEIR_NODE] };
	if (!pool)
		return;
	read_pool(pool, worker->pool);
	worker->origin.pool = worker->pool;
}

static enum refusal take(const struct ingest *ingest, struct worker *worker,
			 struct front_request *rq, struct stats_batch *batch)
{
	bool is_request = ingest->config->accepts == ACCEPTS_REQUEST;
	size_t max_bytes = ingest->config->max_body_bytes;
	uint64_t n_expected, start_us = clock_mono_us();
	enum refusal refusal;

	refusal = is_request ? REFUSED_NOT : request_body_unpack(rq, max_bytes, &worker->body);
	if (!refusal)
		refusal = ingest_play(ingest, worker, worker->body.data, worker->body.len);
	if (!refusal)
		refusal = expected_packets(ingest, rq, &n_expected);
	if (!refusal && is_request)
		refusal = request_body_read(rq, max_bytes, &worker->body);
	if (!refusal)
		refusal = intake_take(ingest->intake, worker, n_expected, batch);
	if (refusal)
		return refusal;
	batch->took_us = clock_mono_us() - start_us;
	stats_count_batch(ingest->stats, batch);
	return REFUSED_NOT;
}

int ingest_refuse(const struct ingest *ingest, struct front_request *rq, enum refusal reason)
{
	stats_count_refusal(ingest->stats, reason);
	log_warn("ingest", "refused", "reason=%s client=%s", refusals[reason].name, rq->client);
	return reply_refusal(rq, reason, NULL);
}

static int accept_batch(struct front_request *rq, const struct stats_batch *batch)
{
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddNumberToObject(json, "accepted", (double)batch->n_packets) &&
	    cJSON_AddNumberToObject(json, "duplicates", (double)batch->n_duplicates))
		return reply_json(rq, 200, json);
	cJSON_Delete(json);
	return reply_json(rq, 200, NULL);
}

int ingest_serve(const struct ingest *ingest, struct worker *worker, struct front_request *rq)
{
	struct buf body = worker->body;
	struct stats_batch batch;
	enum refusal refusal;
	int status;

	ingest_set_origin(ingest, worker, rq);
	worker->body = rq->body;
	rq->body = body;
	refusal = take(ingest, worker, rq, &batch);
	status = refusal ? ingest_refuse(ingest, rq, refusal) : accept_batch(rq, &batch);
	worker_reset(worker);
	return status;
}
