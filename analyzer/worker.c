#include "analyzer/worker.h"

#define KEEP_MAX_BYTES (4u << 20)

struct worker *worker_new(struct sinks *sinks)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	rng_init(&worker->rng, 0);
	if (!sinks)
		return worker;
	worker->sink = sink_new(sinks);
	if (worker->sink)
		return worker;
	free(worker);
	return NULL;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	buf_deinit(&worker->body);
	buf_deinit(&worker->lines);
	packets_deinit(&worker->packets);
	sink_free(worker->sink);
	free(worker);
}

static void buf_reset(struct buf *buf)
{
	if (buf->capacity > KEEP_MAX_BYTES)
		buf_deinit(buf);
	buf_clear(buf);
}

void worker_reset(struct worker *worker)
{
	buf_reset(&worker->body);
	buf_reset(&worker->lines);
}
