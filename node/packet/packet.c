#include "node/packet/packet.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json/json_packet.h"
#include "common/json/json_unescape.h"
#include "node/packet/json_count.h"

#define TRIED_WORDS (ROSTER_MAX_SLOTS / 64)
#define EXTRA_BYTES 640 /* its exchange, `tried`, its parts of a batch, and what malloc adds */

struct packet *packet_new(size_t expected_bytes)
{
	size_t capacity = expected_bytes < PACKET_FIRST_BYTES ? expected_bytes : PACKET_FIRST_BYTES;
	struct packet *p = malloc(sizeof(*p) + capacity + json_count_padding);

	if (!p)
		return NULL;
	*p = (struct packet){ .slot = SLOT_NONE, .capacity = capacity };
	return p;
}

void packet_free(struct packet *p)
{
	if (!p)
		return;
	packet_forget_tried(p);
	free(p->id);
	free(p->suspicion);
	free(p->via);
	if (p->form)
		packet_free_form(p->form);
	free(p);
}

void packet_renew(struct packet *p)
{
	assert(!p->next && !p->spilled);
	packet_forget_tried(p);
	free(p->suspicion);
	p->suspicion = NULL;
	p->exchange = NULL;
	p->n_attempts = 0;
	p->n_loops = 0;
	p->hold_state = 0;
	p->is_hold_due = p->is_hold_seen = false;
	p->slot = SLOT_NONE;
}

void packet_note_done(struct packet *p, uint32_t n_done)
{
	assert(n_done < p->n_messages);
	p->n_messages -= n_done;
	p->n_done += n_done;
}

int packet_reserve(struct packet **pp, size_t n_more, size_t max_bytes)
{
	struct packet *p = *pp;
	size_t capacity = p->capacity < 512 ? 1024 : 2 * p->capacity;

	if (n_more > max_bytes || p->len > max_bytes - n_more)
		return -EMSGSIZE;
	if (p->len + n_more <= p->capacity)
		return 0;
	if (capacity < p->len + n_more)
		capacity = p->len + n_more;
	if (capacity > max_bytes)
		capacity = max_bytes;
	p = realloc(p, sizeof(*p) + capacity + json_count_padding);
	if (!p)
		return -ENOMEM;
	assert(capacity >= p->len + n_more);
	p->capacity = capacity;
	*pp = p;
	return 0;
}

size_t packet_cost(size_t body_bytes)
{
	return body_bytes + sizeof(struct packet) + EXTRA_BYTES;
}

struct packet *packet_new_within(struct memory *m, size_t expected_bytes)
{
	struct packet *p = packet_new(expected_bytes);

	if (!p || memory_take(m, packet_cost(p->capacity)))
		return p;
	packet_free(p);
	return NULL;
}

void packet_free_within(struct memory *m, struct packet *p)
{
	if (!p)
		return;
	assert(p->len <= p->capacity && !p->next);
	memory_give(m, packet_cost(p->capacity) + (p->form ? packet_form_cost(p->form) : 0));
	packet_free(p);
}

int packet_reserve_within(struct memory *m, struct packet **pp, size_t n_more, size_t max_bytes)
{
	size_t before = packet_cost((*pp)->capacity), after;
	int r = packet_reserve(pp, n_more, max_bytes);

	if (r != 0)
		return r;
	after = packet_cost((*pp)->capacity);
	if (after == before || memory_take(m, after - before))
		return 0;
	(*pp)->capacity -= after - before; /* there is more, but it may not be used */
	return -ENOMEM;
}

struct json_slice packet_id(struct packet *p)
{
	struct json_packet json = { 0 };

	if ((p->form && !packet_form_is_json(p->form)) ||
	    json_packet_read(p->body, p->len, JSON_MAX_DEPTH, &json) != 0)
		json.id.len = 0;
	if (!json_unescape_is_needed(&json.id))
		return json.id;
	if (!p->id)
		p->id = malloc(json.id.len);
	if (!p->id) /* out of memory: as it was written */
		return json.id;
	return (struct json_slice){ p->id, json_unescape(&json.id, p->id) };
}

uint64_t packet_received_ms(const struct packet *p)
{
	return (clock_wall_us() - (clock_mono_us() - p->received_us)) / US_PER_MS;
}

int packet_set_via(struct packet *p, const char *via, size_t len)
{
	free(p->via);
	p->via = len ? strndup(via, len) : NULL;
	return len && !p->via ? -ENOMEM : 0;
}

void packet_give_via(struct packet *p, char *via)
{
	free(p->via);
	p->via = via;
	p->n_hops = via != NULL;
	for (const char *at = via; at && (at = strchr(at, ',')); at++)
		p->n_hops += p->n_hops < UINT8_MAX;
}

bool packet_has_same_via(const struct packet *a, const struct packet *b)
{
	return a->via && b->via ? strcmp(a->via, b->via) == 0 : a->via == b->via;
}

int packet_mark_tried(struct packet *p, unsigned slot)
{
	assert(slot < ROSTER_MAX_SLOTS);
	if (!p->tried)
		p->tried = calloc(TRIED_WORDS, sizeof(*p->tried));
	if (!p->tried)
		return -ENOMEM;
	p->tried[slot / 64] |= 1ULL << (slot % 64);
	return 0;
}

void packet_forget_tried(struct packet *p)
{
	free(p->tried);
	p->tried = NULL;
}

bool packet_was_tried(const struct packet *p, unsigned slot)
{
	return p->tried && (p->tried[slot / 64] >> (slot % 64) & 1);
}

void packet_queue_init(struct packet_queue *q)
{
	*q = (struct packet_queue){ .tailp = &q->head };
}

void packet_queue_push(struct packet_queue *q, struct packet *p)
{
	assert(!p->next && !*q->tailp);
	*q->tailp = p;
	q->tailp = &p->next;
	q->n_packets++;
	q->n_bytes += p->len;
}

struct packet *packet_queue_pop(struct packet_queue *q)
{
	struct packet *p = q->head;

	if (!p)
		return NULL;
	q->head = p->next;
	assert(q->n_packets > 0 && q->n_bytes >= p->len);
	if (!q->head)
		q->tailp = &q->head;
	q->n_packets--;
	q->n_bytes -= p->len;
	p->next = NULL;
	return p;
}
