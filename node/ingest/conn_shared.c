#include "node/ingest/conn_shared.h"

#include "common/clock.h"
#include "node/ingest/translator.h"
#include "node/node_metrics.h"

#define RETRY_AFTER_MIN_S 1
#define RETRY_AFTER_MAX_S 3

const char *const conn_close_names[] = {
	"by_client",    "aborted",           "reset",         "idle",
	"head_timeout", "body_timeout",      "write_timeout", "refused",
	"answered",     "too_many",          "no_memory",     "stopped",
	"handshake",    "handshake_timeout", "flood",
};
static_assert(ARRAY_LEN(conn_close_names) == CLOSE_REASONS, "every reason has a name");

static struct conn_json_counts find_counts(const struct metrics_shard *metrics)
{
	return (struct conn_json_counts){
		.packets = metrics_cell(metrics, M_FORMAT_PACKETS, FORMAT_JSON),
		.messages = metrics_cell(metrics, M_FORMAT_MESSAGES, FORMAT_JSON),
		.bytes = metrics_cell(metrics, M_FORMAT_BYTES, FORMAT_JSON),
		.unpacked_bytes = metrics_cell(metrics, M_FORMAT_UNPACKED_BYTES, FORMAT_JSON),
	};
}

int conn_shared_init(struct conn_shared *s, const struct conn_config *config)
{
	*s = (struct conn_shared){ .config = *config };
	s->json_counts = find_counts(config->metrics);
	rng_init(&s->rng, 0);
	conn_shared_update_time(s);
	s->scratch = malloc(CONN_SCRATCH_BYTES);
	s->json = json_counter_new();
	s->translator = translator_new(
		&(struct translator_config){ .memory = config->memory,
					     .max_body_bytes = config->limits.max_body_bytes,
					     .formats = config->formats });
	return s->scratch && s->json && s->translator ? 0 : -ENOMEM;
}

void conn_shared_deinit(struct conn_shared *s)
{
	assert(!s->dirty && !s->due && !s->h2);
	translator_free(s->translator);
	json_counter_free(s->json);
	buf_deinit(&s->render);
	free(s->scratch);
}

void conn_shared_update_time(struct conn_shared *s)
{
	s->now_us = clock_mono_us();
	answer_date_update(&s->date, clock_wall_us());
}

void conn_shared_mark_dirty(struct conn_shared *s, struct conn_dirty *dirty)
{
	if (dirty->is_listed)
		return;
	*dirty = (struct conn_dirty){ s->dirty, true };
	s->dirty = dirty;
}

void conn_shared_unmark_dirty(struct conn_shared *s, struct conn_dirty *dirty)
{
	struct conn_dirty **p = &s->dirty;

	if (!dirty->is_listed)
		return;
	while (*p != dirty)
		p = &(*p)->next;
	*p = dirty->next;
	dirty->is_listed = false;
}

struct conn_dirty *conn_shared_pop_dirty(struct conn_shared *s)
{
	struct conn_dirty *dirty = s->dirty;

	if (dirty) {
		s->dirty = dirty->next;
		dirty->is_listed = false;
	}
	return dirty;
}

uint32_t conn_shared_retry_after_s(struct conn_shared *s)
{
	return (uint32_t)rng_range(&s->rng, RETRY_AFTER_MIN_S, RETRY_AFTER_MAX_S);
}

unsigned conn_shared_n_connections(const struct conn_shared *s)
{
	unsigned n = 0;

	for (enum conn_state state = 0; state < CONN_STATES; state++)
		n += s->lists[state].n;
	return n;
}
