#include "analyzer/intake.h"

#include <pthread.h>
#include <string.h>

#include "analyzer/dedupe.h"
#include "analyzer/sink/record.h"
#include "common/json/json_unescape.h"
#include "common/log.h"

struct intake {
	struct record *record; /* owned, NULL: none */
	struct dedupe *dedupe; /* owned, NULL: no deduplication; guarded by `lock` */
	pthread_mutex_t lock;
	pthread_cond_t settled; /* broadcast when pending packets met their fate */
};

/* The packets of one delivery that dedupe holds as pending: numbers first .. first + n - 1. */
struct pending {
	uint64_t first;
	size_t n;
};

int intake_new(const struct config *config, struct intake **intakep)
{
	struct intake *intake = calloc(1, sizeof(*intake));
	int r = 0;

	if (!intake)
		return -ENOMEM;
	pthread_mutex_init(&intake->lock, NULL);
	pthread_cond_init(&intake->settled, NULL);
	if (config->record)
		r = record_open(config->record, &intake->record);
	if (r)
		log_error("intake", "cannot open the record", "path=%s reason=%s", config->record,
			  strerror(-r));
	if (!r && config->dedupe_window > 0) {
		intake->dedupe = dedupe_new((size_t)config->dedupe_window);
		r = intake->dedupe ? 0 : -ENOMEM;
	}
	if (r) {
		intake_free(intake);
		return r;
	}
	*intakep = intake;
	return 0;
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	record_close(intake->record);
	dedupe_free(intake->dedupe);
	pthread_cond_destroy(&intake->settled);
	pthread_mutex_destroy(&intake->lock);
	free(intake);
}

enum refusal intake_why(int packets_error)
{
	static const enum refusal reasons[] = {
		[PACKETS_E_SYNTAX] = REFUSED_SYNTAX,
		[PACKETS_E_SCALAR] = REFUSED_SCALAR,
		[PACKETS_E_EMPTY] = REFUSED_EMPTY,
		[PACKETS_E_BATCH] = REFUSED_NO_BATCH,
	};

	if (packets_error < 0)
		return REFUSED_MEMORY;
	return packets_error ? reasons[packets_error] : REFUSED_NOT;
}

static enum refusal split(struct worker *worker, uint64_t n_expected)
{
	enum refusal refusal = intake_why(packets_split(&worker->packets, worker->body.data,
							worker->body.len, n_expected > 0));

	if (!refusal && n_expected > 0 && worker->packets.n_items != n_expected)
		return REFUSED_BATCH_SIZE;
	return refusal;
}

/* Of its id without escapes, so that it is the same however it is written. */
static struct dedupe_key key_of(const struct intake *intake, const struct packet *packet)
{
	const struct json_slice written = { packet->id, packet->id_len };
	bool has_escape = json_unescape_is_needed(&written);
	char *id = has_escape ? malloc(written.len) : NULL;
	struct json_slice read = written;
	struct dedupe_key key;

	if (id)
		read = (struct json_slice){ id, json_unescape(&written, id) };
	key = dedupe_key(intake->dedupe, read.data, read.len, packet->data, packet->len);
	free(id);
	return key;
}

/* Before the lock is taken: this reads all bytes. */
static void make_keys(const struct intake *intake, struct packets *packets)
{
	for (size_t i = 0; i < packets->n_items; i++) {
		struct packet *packet = &packets->items[i];

		if (packet->id_len > 0)
			packet->key = key_of(intake, packet);
	}
}

static bool any_pending(const struct intake *intake, const struct packets *packets)
{
	for (size_t i = 0; i < packets->n_items; i++) {
		const struct packet *packet = &packets->items[i];

		if (packet->id_len > 0 &&
		    dedupe_look(intake->dedupe, packet->key) == DEDUPE_PENDING)
			return true;
	}
	return false;
}

/* Nothing of other deliveries is pending here any more: what is pending came up in this one. */
static void admit_all(struct intake *intake, struct packets *packets, struct pending *pending,
		      struct stats_batch *batch)
{
	for (size_t i = 0; i < packets->n_items; i++) {
		struct packet *packet = &packets->items[i];
		enum dedupe_verdict verdict;
		uint64_t number;

		if (packet->id_len == 0)
			continue;
		verdict = dedupe_look(intake->dedupe, packet->key);
		packet->is_duplicate = verdict == DEDUPE_DUPLICATE || verdict == DEDUPE_PENDING;
		batch->n_conflicts += verdict == DEDUPE_CONFLICT;
		if (packet->is_duplicate)
			continue;
		number = dedupe_insert(intake->dedupe, packet->key);
		if (pending->n++ == 0)
			pending->first = number;
	}
}

/* Waiting holds nothing pending, so two deliveries cannot wait for each other. */
static struct pending admit(struct intake *intake, struct packets *packets,
			    struct stats_batch *batch)
{
	struct pending pending = { 0 };

	if (!intake->dedupe)
		return pending;
	make_keys(intake, packets);
	pthread_mutex_lock(&intake->lock);
	while (any_pending(intake, packets))
		pthread_cond_wait(&intake->settled, &intake->lock);
	admit_all(intake, packets, &pending, batch);
	pthread_mutex_unlock(&intake->lock);
	return pending;
}

static void settle(struct intake *intake, const struct pending *pending, bool keep)
{
	if (pending->n == 0)
		return;
	pthread_mutex_lock(&intake->lock);
	dedupe_settle(intake->dedupe, pending->first, pending->n, keep);
	pthread_cond_broadcast(&intake->settled);
	pthread_mutex_unlock(&intake->lock);
}

/* The messages of all packets that are no duplicates. */
static enum refusal hand_on(struct worker *worker, const struct packets *packets)
{
	static const enum refusal reasons[] = {
		[SINK_E_AWAY] = REFUSED_SINK,
		[SINK_E_REFUSED] = REFUSED_BY_SINK,
		[SINK_E_TOO_LARGE] = REFUSED_SINK_SIZE,
		[SINK_E_FULL] = REFUSED_OUTBOX,
	};
	int r = 0;

	sink_begin(worker->sink, &worker->origin);
	for (size_t i = 0; i < packets->n_items && r == 0; i++) {
		const struct packet *packet = &packets->items[i];

		if (!packet->is_duplicate)
			r = sink_add(worker->sink, packet->data, packet->len, packet->id,
				     packet->id_len);
	}
	if (r == 0)
		r = sink_end(worker->sink);
	if (r < 0)
		return REFUSED_MEMORY;
	return r ? reasons[r] : REFUSED_NOT;
}

static enum refusal store(struct intake *intake, struct worker *worker,
			  const struct packets *packets)
{
	struct buf *lines = &worker->lines;
	enum refusal refusal;
	int r;

	refusal = worker->sink ? hand_on(worker, packets) : REFUSED_NOT;
	if (refusal || !intake->record)
		return refusal;
	buf_clear(lines);
	packets_write_lines(packets, lines);
	if (lines->failed)
		return REFUSED_MEMORY;
	r = record_append(intake->record, lines->data, lines->len);
	if (r) {
		log_error("intake", "the record cannot be written", "reason=%s", strerror(-r));
		return REFUSED_RECORD;
	}
	return REFUSED_NOT;
}

static void sum_up(const struct packets *packets, struct stats_batch *batch)
{
	for (size_t i = 0; i < packets->n_items; i++) {
		const struct packet *packet = &packets->items[i];

		if (packet->is_duplicate) {
			batch->n_duplicates++;
		} else {
			batch->n_packets++;
			batch->n_messages += packet->n_messages;
		}
	}
}

enum refusal intake_take_packets(struct intake *intake, struct worker *worker,
				 struct packets *packets, struct stats_batch *batch)
{
	enum refusal refusal = REFUSED_NOT;
	struct pending pending = admit(intake, packets, batch);

	sum_up(packets, batch);
	if (batch->n_packets > 0)
		refusal = store(intake, worker, packets);
	settle(intake, &pending, refusal == REFUSED_NOT);
	return refusal;
}

enum refusal intake_take(struct intake *intake, struct worker *worker, uint64_t n_expected,
			 struct stats_batch *batch)
{
	enum refusal refusal = split(worker, n_expected);

	*batch = (struct stats_batch){ .n_bytes = worker->body.len };
	return refusal ? refusal : intake_take_packets(intake, worker, &worker->packets, batch);
}
