#include "analyzer/call.h"

#include <string.h>

#include "analyzer/call_batch.h"
#include "analyzer/call_message.h"
#include "analyzer/request_body.h"
#include "common/clock.h"
#include "common/grpc/grpc_health.h"
#include "common/grpc/grpc_path.h"
#include "common/log.h"

/* ---- packets ---- */

/* What a delivery by gRPC begins with, whatever it brings. */
static enum refusal begin(const struct ingest *ingest, struct worker *worker,
			  struct front_request *rq, struct call_message *message)
{
	enum refusal refusal = call_message_read(rq, ingest->config->max_body_bytes, message);

	ingest_set_origin(ingest, worker, rq);
	return refusal ? refusal : ingest_play(ingest, worker, message->data, message->len);
}

static void count(const struct ingest *ingest, struct stats_batch *batch, uint64_t start_us)
{
	batch->took_us = clock_mono_us() - start_us;
	stats_count_batch(ingest->stats, batch);
}

/* What became of each, if anything is to be said of one. */
static int answer_batch(const struct ingest *ingest, struct front_request *rq,
			const struct call_batch *call)
{
	struct buf results CLEANUP(buf_deinit) = { 0 };
	bool is_refused = false;
	int status;

	for (size_t i = 0; i < call->n_items; i++) {
		enum refusal refusal = call->items[i].refusal;

		is_refused |= refusal != REFUSED_NOT;
		if (refusal)
			stats_count_refusal(ingest->stats, refusal);
	}
	if (is_refused)
		call_batch_write_results(call, &results);
	if (results.failed)
		return ingest_refuse(ingest, rq, REFUSED_MEMORY);
	status = front_send_message(rq, results.data, results.len);
	if (is_refused)
		log_warn("call", "packets of a batch are refused", "client=%s", rq->client);
	return status;
}

static enum refusal take_batch(const struct ingest *ingest, struct worker *worker,
			       const struct call_message *message, struct call_batch *call)
{
	struct stats_batch batch = { .n_bytes = message->len };
	uint64_t start_us = clock_mono_us();
	bool is_request = ingest->config->accepts == ACCEPTS_REQUEST;
	enum refusal refusal =
		call_batch_read(call, worker, message->data, message->len, is_request);

	if (!refusal)
		refusal = call_batch_take(call, ingest->intake, worker, &batch);
	if (!refusal && batch.n_packets + batch.n_duplicates > 0)
		count(ingest, &batch, start_us);
	return refusal;
}

int call_deliver(const struct ingest *ingest, struct worker *worker, struct front_request *rq)
{
	struct call_batch call = { 0 };
	struct call_message message;
	enum refusal refusal = begin(ingest, worker, rq, &message);
	int status;

	if (!refusal)
		refusal = take_batch(ingest, worker, &message, &call);
	status = refusal ? ingest_refuse(ingest, rq, refusal) : answer_batch(ingest, rq, &call);
	call_batch_deinit(&call);
	call_message_deinit(&message);
	worker_reset(worker);
	return status;
}

/* Protobuf becomes OTLP/JSON, which is one packet. Without a record there is none, and it is a success. */
static enum refusal take_export(const struct ingest *ingest, struct worker *worker,
				const struct call_message *message)
{
	static const struct request_form form = { .format = "otlp-proto" };
	uint64_t start_us = clock_mono_us();
	struct stats_batch batch;
	enum refusal refusal =
		request_body_convert(&form, message->data, message->len, &worker->body);

	if (refusal)
		return refusal == REFUSED_EMPTY ? REFUSED_NOT : refusal;
	refusal = intake_take(ingest->intake, worker, 0, &batch);
	if (!refusal)
		count(ingest, &batch, start_us);
	return refusal;
}

int call_export(const struct ingest *ingest, struct worker *worker, struct front_request *rq)
{
	struct call_message message;
	enum refusal refusal = begin(ingest, worker, rq, &message);
	int status;

	if (!refusal)
		refusal = take_export(ingest, worker, &message);
	status = refusal ? ingest_refuse(ingest, rq, refusal) : front_send_message(rq, "", 0);
	call_message_deinit(&message);
	worker_reset(worker);
	return status;
}

/* ---- health ---- */

/* "/package.Service/Method" is of that service. */
static bool is_of(struct http_slice service, const char *path)
{
	size_t n = strcspn(path + 1, "/");

	return service.len == n && memcmp(service.data, path + 1, n) == 0;
}

static enum refusal read_question(const struct front_request *rq, struct http_slice *servicep,
				  struct call_message *message)
{
	enum refusal refusal = call_message_read(rq, CALL_QUESTION_BYTES, message);

	if (refusal)
		return refusal;
	return grpc_health_read_service(message->data, message->len, servicep) == 0
		       ? REFUSED_NOT
		       : REFUSED_SYNTAX;
}

/* gRPC has a code of its own for it. */
static void refuse_service(const struct ingest *ingest, struct front_request *rq)
{
	stats_count_refusal(ingest->stats, REFUSED_NO_SERVICE);
	front_refuse_call(rq, GRPC_NOT_FOUND, 0, refusals[REFUSED_NO_SERVICE].detail);
}

void call_check(const struct ingest *ingest, struct front_request *rq, bool is_serving)
{
	char answer[GRPC_SERVING_BYTES];
	struct http_slice service = { "", 0 };
	struct call_message message;
	enum refusal refusal = read_question(rq, &service, &message);

	grpc_health_write_serving(answer, is_serving ? GRPC_SERVING : GRPC_NOT_SERVING);
	if (refusal)
		ingest_refuse(ingest, rq, refusal);
	else if (service.len == 0 || is_of(service, GRPC_DELIVER_PATH) ||
		 is_of(service, GRPC_EXPORT_PATH))
		front_send_message(rq, answer + GRPC_PREFIX_BYTES,
				   sizeof(answer) - GRPC_PREFIX_BYTES);
	else
		refuse_service(ingest, rq);
	call_message_deinit(&message);
}
