#include "analyzer/stats.h"

#include <pthread.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/process.h"

enum family {
	PACKETS,
	MESSAGES,
	DUPLICATES,
	CONFLICTS,
	BATCHES,
	BYTES,
	REFUSED,
	TOOK,
	CALLS,
	REGISTERED,
	UP,
	BUILD,
	START,
	CPU,
	RESIDENT,
	LOG_DROPPED,
	SINK_SENT,
	SINK_RETRIED,
	SINK_DROPPED,
	SINK_FAILURES,
	OUTBOX_MESSAGES,
	OUTBOX_BYTES,
	FAMILIES
};

static const char *const call_names[MEMBERSHIP_CALLS] = {
	[CALL_REGISTER] = "register",
	[CALL_HEARTBEAT] = "heartbeat",
	[CALL_DEREGISTER] = "deregister",
	[CALL_FAILED] = "failed",
};
static const char *const versions[] = { WEIR_VERSION };
static const char *const compilers[] = { PROCESS_COMPILER };

static const struct metrics_family families[FAMILIES] = {
	[PACKETS] = { "weir_analyzer_packets_total", METRICS_COUNTER,
		      "Packets processed, duplicates not counted." },
	[MESSAGES] = { "weir_analyzer_messages_total", METRICS_COUNTER, "Messages in them." },
	[DUPLICATES] = { "weir_analyzer_duplicates_total", METRICS_COUNTER,
			 "Packets acknowledged that had been processed before." },
	[CONFLICTS] = { "weir_analyzer_conflicts_total", METRICS_COUNTER,
			"Packets processed whose id was known with other bytes." },
	[BATCHES] = { "weir_analyzer_batches_total", METRICS_COUNTER, "Deliveries acknowledged." },
	[BYTES] = { "weir_analyzer_received_bytes_total", METRICS_COUNTER,
		    "Body bytes of deliveries acknowledged." },
	[REFUSED] = { "weir_analyzer_refused_total", METRICS_COUNTER, "Requests refused.", "reason",
		      refusal_names + 1, REFUSALS - 1 },
	[TOOK] = { "weir_analyzer_delivery_seconds", METRICS_HISTOGRAM,
		   "From the whole body to the answer." },
	[CALLS] = { "weir_analyzer_registry_calls_total", METRICS_COUNTER,
		    "Calls to the registry by kind, or failed.", "call", call_names,
		    MEMBERSHIP_CALLS },
	[REGISTERED] = { "weir_analyzer_registered", METRICS_GAUGE, "1 while it holds a lease." },
	[UP] = { "weir_analyzer_up", METRICS_GAUGE, "1 unless it is disabled or leaving." },
	[BUILD] = { "weir_analyzer_build_info", METRICS_INFO,
		    "Always 1; version and compiler are its labels.", "version", versions, 1,
		    "compiler", compilers, 1 },
	[START] = { "process_start_time_seconds", METRICS_GAUGE,
		    "Unix time when the analyzer started.", .scale = 1e-3 },
	[CPU] = { "process_cpu_seconds_total", METRICS_COUNTER,
		  "CPU time used by all threads, in the kernel too.", .scale = 1e-6 },
	[RESIDENT] = { "process_resident_memory_bytes", METRICS_GAUGE,
		       "Memory that the process occupies." },
	[LOG_DROPPED] = { "weir_analyzer_log_lines_dropped_total", METRICS_COUNTER,
			  "Log lines that stderr did not take when they were due." },
	[SINK_SENT] = { "weir_analyzer_sink_sent_messages_total", METRICS_COUNTER,
			"Messages that the sink took; over UDP and TCP, that went out." },
	[SINK_RETRIED] = { "weir_analyzer_sink_retried_messages_total", METRICS_COUNTER,
			   "Messages that were sent to the sink once more." },
	[SINK_DROPPED] = { "weir_analyzer_sink_dropped_messages_total", METRICS_COUNTER,
			   "Messages that are lost on the way to the sink.", "reason",
			   sink_drop_names, SINK_DROPS },
	[SINK_FAILURES] = { "weir_analyzer_sink_failures_total", METRICS_COUNTER,
			    "Requests to the sink, or connections, that failed." },
	[OUTBOX_MESSAGES] = { "weir_analyzer_outbox_messages", METRICS_GAUGE,
			      "Messages in the outbox: those that wait, and those that are held." },
	[OUTBOX_BYTES] = { "weir_analyzer_outbox_bytes", METRICS_GAUGE,
			   "What they count against sink-outbox-max." },
};

struct stats {
	pthread_mutex_t
		lock; /* makes all threads one writer, and a delivery's counters one change */
	struct metrics *metrics;
	struct metrics_shard shard;
	const struct sink_counters *sink; /* NULL: there is no sink */
};

struct stats *stats_new(void)
{
	struct stats *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->metrics = metrics_new(families, FAMILIES);
	if (!s->metrics || metrics_shard_init(&s->shard, s->metrics)) {
		stats_free(s);
		return NULL;
	}
	metrics_set(&s->shard, BUILD, 0, 1);
	metrics_set(&s->shard, START, 0, (int64_t)(clock_wall_us() / US_PER_MS));
	metrics_set(&s->shard, UP, 0, 1);
	return s;
}

void stats_free(struct stats *s)
{
	if (!s)
		return;
	if (s->shard.cells)
		metrics_shard_deinit(&s->shard);
	metrics_free(s->metrics);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void stats_count_batch(struct stats *s, const struct stats_batch *batch)
{
	pthread_mutex_lock(&s->lock);
	metrics_add(&s->shard, PACKETS, 0, (int64_t)batch->n_packets);
	metrics_add(&s->shard, MESSAGES, 0, (int64_t)batch->n_messages);
	metrics_add(&s->shard, DUPLICATES, 0, (int64_t)batch->n_duplicates);
	metrics_add(&s->shard, CONFLICTS, 0, (int64_t)batch->n_conflicts);
	metrics_add(&s->shard, BATCHES, 0, 1);
	metrics_add(&s->shard, BYTES, 0, (int64_t)batch->n_bytes);
	metrics_observe(&s->shard, TOOK, 0, batch->took_us);
	pthread_mutex_unlock(&s->lock);
}

static void count_one(struct stats *s, enum family family, unsigned index)
{
	pthread_mutex_lock(&s->lock);
	metrics_add(&s->shard, family, index, 1);
	pthread_mutex_unlock(&s->lock);
}

void stats_count_refusal(struct stats *s, enum refusal reason)
{
	assert(reason != REFUSED_NOT);
	count_one(s, REFUSED, reason - 1);
}

void stats_count_call(struct stats *s, enum membership_call call)
{
	count_one(s, CALLS, call);
}

static void set_gauge(struct stats *s, enum family family, bool value)
{
	pthread_mutex_lock(&s->lock);
	metrics_set(&s->shard, family, 0, value);
	pthread_mutex_unlock(&s->lock);
}

void stats_set_registered(struct stats *s, bool registered)
{
	set_gauge(s, REGISTERED, registered);
}

void stats_set_up(struct stats *s, bool up)
{
	set_gauge(s, UP, up);
}

uint64_t stats_processed(struct stats *s)
{
	return metrics_get(&s->shard, MESSAGES, 0);
}

static uint64_t n_refused(const struct stats *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < REFUSALS - 1; i++)
		n += metrics_get(&s->shard, REFUSED, i);
	return n;
}

void stats_show_sink(struct stats *s, const struct sink_counters *sink)
{
	s->sink = sink;
}

static void set_sink(struct stats *s)
{
	const struct sink_counters *sink = s->sink;

	if (!sink)
		return;
	metrics_set(&s->shard, SINK_SENT, 0, (int64_t)atomic_load(&sink->sent));
	metrics_set(&s->shard, SINK_RETRIED, 0, (int64_t)atomic_load(&sink->retried));
	metrics_set(&s->shard, SINK_FAILURES, 0, (int64_t)atomic_load(&sink->failures));
	metrics_set(&s->shard, OUTBOX_MESSAGES, 0, (int64_t)atomic_load(&sink->outbox_messages));
	metrics_set(&s->shard, OUTBOX_BYTES, 0, (int64_t)atomic_load(&sink->outbox_bytes));
	for (unsigned i = 0; i < SINK_DROPS; i++)
		metrics_set(&s->shard, SINK_DROPPED, i, (int64_t)atomic_load(&sink->dropped[i]));
}

bool stats_add_sink(const struct stats *s, cJSON *json)
{
	const struct sink_counters *sink = s->sink;
	cJSON *object = sink ? cJSON_AddObjectToObject(json, "sink") : NULL;
	uint64_t n_dropped = 0;

	if (!sink)
		return true;
	for (unsigned i = 0; i < SINK_DROPS; i++)
		n_dropped += atomic_load(&sink->dropped[i]);
	return object &&
	       cJSON_AddNumberToObject(object, "sent", (double)atomic_load(&sink->sent)) &&
	       cJSON_AddNumberToObject(object, "retried", (double)atomic_load(&sink->retried)) &&
	       cJSON_AddNumberToObject(object, "dropped", (double)n_dropped) &&
	       cJSON_AddNumberToObject(object, "failures", (double)atomic_load(&sink->failures)) &&
	       cJSON_AddNumberToObject(object, "outbox_messages",
				       (double)atomic_load(&sink->outbox_messages)) &&
	       cJSON_AddNumberToObject(object, "outbox_bytes",
				       (double)atomic_load(&sink->outbox_bytes));
}

cJSON *stats_json(struct stats *s, const char *id)
{
	static const struct {
		const char *name;
		enum family family;
	} fields[] = {
		{ "packets", PACKETS },     { "messages", MESSAGES }, { "duplicates", DUPLICATES },
		{ "conflicts", CONFLICTS }, { "batches", BATCHES },   { "bytes", BYTES },
	};
	cJSON *json = cJSON_CreateObject();
	bool ok = cJSON_AddStringToObject(json, "id", id);

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; ok && i < ARRAY_LEN(fields); i++) {
		uint64_t value = metrics_get(&s->shard, fields[i].family, 0);

		ok = cJSON_AddNumberToObject(json, fields[i].name, (double)value);
	}
	ok = ok && cJSON_AddNumberToObject(json, "refused", (double)n_refused(s));
	pthread_mutex_unlock(&s->lock);
	if (ok && stats_add_sink(s, json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

void stats_write_metrics(struct stats *s, enum metrics_format format, struct buf *out)
{
	const struct metrics_shard *shards[] = { &s->shard };

	pthread_mutex_lock(&s->lock);
	metrics_set(&s->shard, CPU, 0, (int64_t)process_cpu_us());
	metrics_set(&s->shard, RESIDENT, 0, (int64_t)process_resident_bytes());
	metrics_set(&s->shard, LOG_DROPPED, 0, (int64_t)log_dropped());
	set_sink(s);
	metrics_write(s->metrics, shards, ARRAY_LEN(shards), format, NULL, NULL, out);
	pthread_mutex_unlock(&s->lock);
}
