#include "node/ingest/intake.h"

#include "node/ingest/translator.h"
#include "node/node_metrics.h"

static enum refusal count_messages(struct conn_shared *shared, struct packet *p)
{
	static const enum refusal refusals[JSON_VERDICTS] = {
		[JSON_OK] = REFUSAL_NONE,
		[JSON_BAD_SYNTAX] = REFUSAL_BAD_JSON,
		[JSON_NO_OBJECT] = REFUSAL_NOT_A_PACKET,
		[JSON_NO_MESSAGES] = REFUSAL_NO_MESSAGES,
		[JSON_NO_MEMORY] = REFUSAL_NO_MEMORY,
	};

	return refusals[json_count(shared->json, p->body, p->len, &p->n_messages)];
}

void intake_count(struct metrics_shard *metrics, enum format_id format, size_t n_bytes,
		  const struct packet *p)
{
	metrics_add(metrics, M_FORMAT_PACKETS, format, 1);
	metrics_add(metrics, M_FORMAT_MESSAGES, format, p->n_messages);
	metrics_add(metrics, M_FORMAT_BYTES, format, (int64_t)n_bytes);
	metrics_add(metrics, M_FORMAT_UNPACKED_BYTES, format, (int64_t)p->len);
}

static void count_json(const struct conn_json_counts *counts, const struct packet *p)
{
	metrics_cell_add(counts->packets, 1);
	metrics_cell_add(counts->messages, p->n_messages);
	metrics_cell_add(counts->bytes, p->len);
	metrics_cell_add(counts->unpacked_bytes, p->len);
}

/* It may be in any format. */
static enum refusal translate(struct conn_shared *shared, const struct request_form *form,
			      struct answer *answer, struct packet **pp, bool *is_emptyp)
{
	struct translation result;
	size_t n_bytes = (*pp)->len;
	enum refusal refusal = translator_read(shared->translator, pp, form, &result);

	answer->items = result.items;
	answer->n_items_bytes = result.n_items_bytes;
	answer->n_items_charged = result.n_items_charged;
	answer->n_messages = (uint32_t)result.n_before;
	answer->format = (uint8_t)(result.format + 1);
	if (!form->is_plain)
		answer->style.format = (uint8_t)format_get(result.format)->answer;
	if (refusal == REFUSAL_NONE)
		intake_count(shared->config.metrics, result.format, n_bytes, *pp);
	*is_emptyp = result.is_empty;
	return refusal;
}

enum refusal intake_read(struct conn_shared *shared, const struct request_form *form,
			 struct answer *answer, struct packet **pp, bool *is_emptyp)
{
	uint32_t formats = shared->config.formats;
	enum refusal refusal = REFUSAL_BAD_JSON;

	*is_emptyp = false;
	if (form->is_plain && (formats == 0 || formats >> FORMAT_JSON & 1))
		refusal = count_messages(shared, *pp);
	if (refusal == REFUSAL_NONE)
		count_json(&shared->json_counts, *pp);
	else if (refusal == REFUSAL_BAD_JSON)
		refusal = translate(shared, form, answer, pp, is_emptyp);
	return refusal;
}
