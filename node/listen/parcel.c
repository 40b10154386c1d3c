#include "node/listen/parcel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/intake.h"
#include "node/listen/source.h"
#include "node/node_metrics.h"
#include "node/packet/packet_form.h"

#define AGAIN_US 500000

static void on_fate(struct exchange *x, struct packet *packet, enum refusal refusal);

static size_t chunk_cost(const struct parcel_chunk *chunk)
{
	return sizeof(*chunk) + chunk->len;
}

struct parcel_chunk *parcel_chunk_new(struct memory *memory, const struct format_slice *name)
{
	size_t n = sizeof(struct parcel_chunk) + name->len;
	struct parcel_chunk *chunk;

	if (!memory_take(memory, n))
		return NULL;
	chunk = malloc(n);
	if (!chunk) {
		memory_give(memory, n);
		return NULL;
	}
	*chunk = (struct parcel_chunk){ .n_users = 1, .len = name->len };
	memcpy(chunk->name, name->data, name->len);
	return chunk;
}

void parcel_chunk_put(struct memory *memory, struct parcel_chunk *chunk)
{
	if (!chunk)
		return;
	assert(chunk->n_users > 0);
	if (--chunk->n_users > 0)
		return;
	memory_give(memory, chunk_cost(chunk));
	free(chunk);
}

struct parcel *parcel_new(struct source *source, struct parcel_chunk *chunk)
{
	struct listen_shared *s = source->shared;
	struct parcel *p;

	if (!memory_take(s->config.memory, sizeof(*p)))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p) {
		memory_give(s->config.memory, sizeof(*p));
		return NULL;
	}
	p->exchange.on_fate = on_fate;
	p->shared = s;
	p->source = source;
	p->chunk = chunk;
	if (chunk)
		chunk->n_users++;
	p->since_us = s->now_us;
	source->n_users++;
	s->n_parcels++;
	return p;
}

void parcel_free(struct parcel *p)
{
	struct listen_shared *s;

	if (!p)
		return;
	s = p->shared;
	if (p->stream)
		p->on_end(p, p->is_accepted);
	packet_free_within(s->config.memory, p->packet);
	parcel_chunk_put(s->config.memory, p->chunk);
	memory_give(s->config.memory, sizeof(*p));
	assert(s->n_parcels > 0);
	s->n_parcels--;
	source_put(p->source);
	free(p);
}

/* Most of a short one is not its body. */
static size_t cost(const struct parcel *p)
{
	const struct packet *packet = p->packet;

	return sizeof(*p) + packet_cost(packet->capacity) +
	       (packet->form ? packet->form->n_charged : 0) + (p->chunk ? chunk_cost(p->chunk) : 0);
}

static void hold(struct parcel *p, bool is_held)
{
	size_t n = p->n_held;

	assert(is_held || (p->shared->held_bytes >= n && p->source->held_bytes >= n));
	p->shared->held_bytes += is_held ? n : -n;
	p->source->held_bytes += is_held ? n : -n;
}

static void count(const struct parcel *p)
{
	enum listen_port port = p->source->port;
	enum format_id format = listen_port_format(port);
	struct metrics_shard *metrics = p->shared->config.metrics;

	metrics_add(metrics, M_RECEIVED_BYTES, 0, (int64_t)p->n_bytes);
	intake_count(metrics, format, p->n_bytes, p->packet);
	metrics_add(metrics, M_LISTEN_PACKETS, port, 1);
	metrics_add(metrics, M_LISTEN_MESSAGES, port, p->packet->n_messages);
}

static void submit(struct parcel *p)
{
	struct packet *packet = p->packet;

	p->packet = NULL;
	packet->exchange = &p->exchange;
	packet->received_us = p->shared->now_us;
	p->shared->config.on_packet(p->shared->config.arg, packet);
}

static void push_again(struct parcel *p)
{
	struct listen_shared *s = p->shared;

	p->since_us = s->now_us;
	p->next = NULL;
	*s->againp = p;
	s->againp = &p->next;
	s->n_again++;
}

static struct parcel *pop_again(struct listen_shared *s)
{
	struct parcel *p = s->again;

	s->again = p->next;
	if (!s->again)
		s->againp = &s->again;
	s->n_again--;
	assert((s->n_again == 0) == (s->again == NULL));
	return p;
}

void parcel_send(struct parcel *p)
{
	assert(p->n_bytes == 0); /* once: what was refused goes by submit */
	p->n_bytes = p->packet->len;
	p->n_held = cost(p);
	hold(p, true);
	count(p);
	submit(p);
}

static void end(struct parcel *p)
{
	p->shared->may_resume = true;
	hold(p, false);
	parcel_free(p);
}

static void on_fate(struct exchange *x, struct packet *packet, enum refusal refusal)
{
	struct parcel *p = CONTAINER_OF(x, struct parcel, exchange);

	/* it was in flight; with a refusal its packet comes back */
	assert(!p->packet && (packet || refusal == REFUSAL_NONE));
	if (refusal == REFUSAL_NONE) {
		p->is_accepted = true;
		end(p);
		return;
	}
	p->packet = packet;
	push_again(p);
}

void parcel_try_again(struct listen_shared *s)
{
	for (unsigned n = s->n_again; n && s->now_us - s->again->since_us >= AGAIN_US; n--) {
		struct parcel *p = pop_again(s);

		if (p->chunk && !p->stream) {
			end(p); /* its sender has no acknowledgement, and sends it again */
			continue;
		}
		metrics_add(s->config.metrics, M_LISTEN_RETRIED, p->source->port, 1);
		submit(p);
	}
	s->may_resume |= s->n_again == 0;
}

void parcel_lose(struct parcel *p)
{
	struct listen_shared *s = p->shared;

	if (!p->chunk) {
		listen_drop(s, p->source->port, LISTEN_DROP_STOPPED, p->packet->n_messages);
		log_error("listen", "messages are lost", "listener=%s messages=%u reason=%s",
			  listen_port_names[p->source->port], p->packet->n_messages,
			  "the node ends, no analyzer takes them, and they cannot be stored");
	}
	end(p);
}

void parcel_lose_all(struct listen_shared *s)
{
	while (s->n_again)
		parcel_lose(pop_again(s));
}
