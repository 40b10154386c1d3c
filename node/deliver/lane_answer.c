/*
 * A packet that left as its request came, and the answer of a log server that took part of it.
 *
 *   taken ------> delivered: those messages leave the packet, and count for the analyzer
 *   429, 5xx ---> the rest of the packet goes to another analyzer, or waits
 *   other 4xx --> the rest of the packet is a dead letter, once nothing else is in it
 */
#include <stdlib.h>

#include "common/log.h"
#include "node/deliver/answers.h"
#include "node/deliver/lane_outcome.h"
#include "node/packet/packet_form.h"
#include "node/packet/suspicion.h"

/* 409: what shall be created is there, as after an answer that was lost. */
static enum delivery_outcome outcome_of(int status)
{
	if (status == 409)
		return OUTCOME_OK;
	if (status == 429 || status == 503)
		return OUTCOME_BUSY;
	if (status >= 400 && status < 500)
		return OUTCOME_BAD;
	return status >= 200 && status < 300 ? OUTCOME_OK : OUTCOME_STATUS;
}

/* The answer speaks of the whole packet, which is still in its batch. */
static enum delivery_outcome fail_all(struct batch *b, enum delivery_outcome outcome,
				      const struct result *why)
{
	b->transfer.status = why->status;
	b->transfer.said = why->text;
	b->transfer.said_len = why->len < PACKET_QUOTE_BYTES ? why->len : PACKET_QUOTE_BYTES;
	return outcome;
}

/* It broke off, so it may be whole another time. Of one that is too long, no more would be read then. */
static bool broke_off(const struct transfer *t)
{
	return t->is_json_cut && !t->is_json_long;
}

/* What the packet has come to is not known. The failure counts, so it does not go round for ever. */
static enum delivery_outcome fail_broken(struct batch *b)
{
	struct transfer *t = &b->transfer;

	t->error = "its answer broke off";
	return fail_all(b, lane_ran_out_of_time(t) ? OUTCOME_TIMEOUT : OUTCOME_BROKEN,
			&(struct result){ t->status, t->json, t->json_len });
}

/* It tells of faults, but not of which messages. */
static enum delivery_outcome distrust(struct lane *lane, struct batch *b)
{
	const struct transfer *t = &b->transfer;

	log_warn("lane", "an answer with errors cannot be read",
		 "analyzer=%s url=%s status=%d messages=%u bytes=%zu", lane->id, lane->url,
		 t->status, b->packets.head->n_messages, t->json_len);
	return fail_all(b, OUTCOME_BAD, &(struct result){ t->status, t->json, t->json_len });
}

/* n messages of the batch's packet are delivered, and the rest has a fate of its own. */
static void deliver_part(struct lane *lane, struct batch *b, uint32_t n,
			 enum delivery_outcome outcome, const struct result *why)
{
	struct packet *p = packet_queue_pop(&b->packets);

	packet_note_done(p, n);
	lane->events.on_part_delivered(lane->events.arg, lane, n);
	if (outcome == OUTCOME_BUSY)
		lane_pause_for(b);
	if (outcome != OUTCOME_BAD) {
		lane_decide(lane, p, why);
		return;
	}
	suspicion_quote(p, lane->id, why->text, why->len);
	lane->events.on_bad(lane->events.arg, lane, p, why->status);
}

/* Busy goes before failed, and failed before bad: what may still be taken is sent again. */
static unsigned rank(enum delivery_outcome outcome)
{
	return outcome == OUTCOME_BUSY ? 3 : outcome == OUTCOME_STATUS ? 2 : outcome == OUTCOME_BAD;
}

static enum delivery_outcome settle_items(struct lane *lane, struct batch *b,
					  const struct result *items, bool *keep)
{
	struct packet *p = b->packets.head;
	enum delivery_outcome worst = OUTCOME_OK;
	const struct result *why = NULL;
	uint32_t n_taken = 0;

	for (uint32_t i = 0; i < p->n_messages; i++) {
		enum delivery_outcome outcome = outcome_of(items[i].status);

		keep[i] = outcome != OUTCOME_OK;
		n_taken += outcome == OUTCOME_OK;
		if (rank(outcome) > rank(worst)) {
			worst = outcome;
			why = &items[i];
		}
	}
	if (!why)
		return OUTCOME_OK;
	if (n_taken == 0)
		return fail_all(b, worst, why);
	if (packet_keep_operations(lane->config.memory, p, keep) != 0)
		return distrust(lane, b);
	deliver_part(lane, b, n_taken, worst, why);
	return OUTCOME_OK;
}

/*
 * Only the first operations have results. Where some of them are taken, the others are sent again without
 * these: so each time the packet gets smaller, and it does not go round for ever.
 */
static bool fill_up(struct result *items, unsigned n_read, unsigned n)
{
	bool is_any_taken = false;

	for (unsigned i = 0; i < n_read; i++)
		is_any_taken |= outcome_of(items[i].status) == OUTCOME_OK;
	for (unsigned i = n_read; i < n; i++)
		items[i] = (struct result){ 503, "", 0 };
	return is_any_taken;
}

static enum delivery_outcome take_bulk(struct lane *lane, struct batch *b)
{
	const struct transfer *t = &b->transfer;
	uint32_t n = b->packets.head->n_messages;
	unsigned n_read = 0;
	AUTO_FREE struct result *items = calloc(n, sizeof(*items));
	AUTO_FREE bool *keep = calloc(n, sizeof(*keep));
	int r = RESULTS_E_MISFIT;

	if (items && keep && t->json)
		r = answers_read_bulk(t->json, t->json_len, items, n, &n_read);
	if (r == RESULTS_E_NONE)
		return OUTCOME_OK;
	if (r == 0 || (items && keep && fill_up(items, n_read, n)))
		return settle_items(lane, b, items, keep);
	return broke_off(t) ? fail_broken(b) : distrust(lane, b);
}

static enum delivery_outcome take_hec(struct batch *b)
{
	const struct transfer *t = &b->transfer;
	const struct result answer = { answers_read_hec(t->json, t->json_len), t->json,
				       t->json_len };

	if (answer.status == 200)
		return OUTCOME_OK;
	return fail_all(b, batch_status_outcome(answer.status), &answer);
}

/* Which records were refused is not said, and they must not be sent again. */
static enum delivery_outcome take_otlp(struct lane *lane, struct batch *b)
{
	const struct transfer *t = &b->transfer;
	const struct packet *p = b->packets.head;
	enum format_id format = b->kind == BATCH_EXPORT ? FORMAT_OTLP_PROTO : packet_format(p);
	struct json_slice reason;
	uint64_t n_rejected = answers_read_otlp(format, t->json, t->json_len, &reason);
	const struct result why = { t->status, reason.data, reason.len };

	if (n_rejected == 0)
		return OUTCOME_OK;
	if (n_rejected >= p->n_messages)
		return fail_all(b, OUTCOME_BAD, &why);
	deliver_part(lane, b, p->n_messages - (uint32_t)n_rejected, OUTCOME_BAD, &why);
	return OUTCOME_OK;
}

enum delivery_outcome lane_take_answer(struct lane *lane, struct batch *b)
{
	const struct transfer *t = &b->transfer;
	enum format_id format =
		b->kind == BATCH_EXPORT ? FORMAT_OTLP_PROTO : packet_format(b->packets.head);

	assert(b->packets.n_packets == 1);
	if (!t->json && !(t->is_json_cut && format == FORMAT_BULK))
		return OUTCOME_OK;
	switch (format) {
	case FORMAT_BULK:
		return take_bulk(lane, b);
	case FORMAT_HEC:
	case FORMAT_HEC_RAW:
		return take_hec(b);
	default:
		return take_otlp(lane, b);
	}
}
