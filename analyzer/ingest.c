#include "analyzer/ingest.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"

#define READ_BYTES 65536 /* asked for at a time where the length is not known */
#define BATCH_MAX_PACKETS 10000000
#define STATUS_GONE 499 /* the client went away before its request was whole; for the log only */

enum reading { READ_WHOLE, READ_TOO_LARGE, READ_GONE, READ_NO_MEMORY };

static enum reading read_chunked(struct mg_connection *conn, struct buf *body, uint64_t max_bytes)
{
	for (;;) {
		int n;

		if (buf_reserve(body, READ_BYTES))
			return READ_NO_MEMORY;
		n = mg_read(conn, body->data + body->len, READ_BYTES);
		if (n <= 0)
			return n < 0 ? READ_GONE : READ_WHOLE;
		body->len += (size_t)n;
		if (body->len > max_bytes)
			return READ_TOO_LARGE;
	}
}

static enum reading read_sized(struct mg_connection *conn, struct buf *body, size_t len)
{
	if (buf_reserve(body, len))
		return READ_NO_MEMORY;
	while (body->len < len) {
		int n = mg_read(conn, body->data + body->len, len - body->len);

		if (n <= 0)
			return READ_GONE;
		body->len += (size_t)n;
	}
	return READ_WHOLE;
}

/* Looked up once for each connection. */
static int descriptor_of(const struct ingest *ingest, const struct request *rq)
{
	intptr_t known = (intptr_t)mg_get_user_connection_data(rq->conn); /* plus 1 */

	if (!known) {
		known = body_watch_find(ingest->bodies, rq->info->remote_addr,
					rq->info->remote_port) +
			1;
		mg_set_user_connection_data(rq->conn, (void *)known);
	}
	return (int)known - 1;
}

static enum reading read_body(const struct ingest *ingest, struct request *rq, struct buf *body)
{
	int fd = descriptor_of(ingest, rq);
	enum reading reading;

	uint64_t max_bytes = ingest->config->max_body_bytes;
	long long len = rq->info->content_length;

	if (len > 0 && (uint64_t)len > max_bytes)
		return READ_TOO_LARGE;
	if (mg_get_header(rq->conn, "Expect"))
		mg_printf(rq->conn, "HTTP/1.1 100 Continue\r\n\r\n");
	body_watch_begin(ingest->bodies, fd);
	reading = len < 0 ? read_chunked(rq->conn, body, max_bytes)
			  : read_sized(rq->conn, body, (size_t)len);
	body_watch_end(ingest->bodies, fd);
	return reading;
}

/* Packets in the batch as its header says, 0: the body is one packet. */
static enum refusal expected_packets(const struct ingest *ingest, struct request *rq,
				     uint64_t *n_expectedp)
{
	const char *text = mg_get_header(rq->conn, "Weir-Packets");
	char *end;

	*n_expectedp = 0;
	if (!text || ingest->config->accepts == ACCEPTS_PACKET)
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

static enum refusal take(const struct ingest *ingest, struct worker *worker, struct request *rq,
			 struct stats_batch *batch)
{
	uint64_t n_expected, start_us = clock_mono_us();
	enum refusal refusal = play_faults(ingest, worker);

	if (!refusal)
		refusal = expected_packets(ingest, rq, &n_expected);
	if (!refusal)
		refusal = intake_take(ingest->intake, worker, n_expected, batch);
	if (refusal)
		return refusal;
	batch->took_us = clock_mono_us() - start_us;
	stats_count_batch(ingest->stats, batch);
	return REFUSED_NOT;
}

static int refuse(const struct ingest *ingest, const struct request *rq, enum refusal reason)
{
	stats_count_refusal(ingest->stats, reason);
	log_warn("ingest", "refused", "reason=%s client=%s", refusals[reason].name,
		 rq->info->remote_addr);
	return reply_refusal(rq, reason);
}

static int accept_batch(const struct request *rq, const struct stats_batch *batch)
{
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddNumberToObject(json, "accepted", (double)batch->n_packets) &&
	    cJSON_AddNumberToObject(json, "duplicates", (double)batch->n_duplicates))
		return reply_json(rq, 200, json);
	cJSON_Delete(json);
	return reply_json(rq, 200, NULL);
}

static int serve_body(const struct ingest *ingest, struct worker *worker, struct request *rq)
{
	struct stats_batch batch;
	enum refusal refusal;

	switch (read_body(ingest, rq, &worker->body)) {
	case READ_GONE:
		mg_disable_connection_keep_alive(rq->conn);
		return STATUS_GONE;
	case READ_TOO_LARGE:
		rq->close = true;
		return refuse(ingest, rq, REFUSED_TOO_LARGE);
	case READ_NO_MEMORY:
		rq->close = true;
		return refuse(ingest, rq, REFUSED_MEMORY);
	case READ_WHOLE:
		break;
	}
	refusal = take(ingest, worker, rq, &batch);
	return refusal ? refuse(ingest, rq, refusal) : accept_batch(rq, &batch);
}

int ingest_serve(const struct ingest *ingest, struct worker *worker, struct request *rq)
{
	int status;

	if (!worker) {
		rq->close = true;
		return refuse(ingest, rq, REFUSED_MEMORY);
	}
	status = serve_body(ingest, worker, rq);
	worker_reset(worker);
	return status;
}
