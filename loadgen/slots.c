#include "loadgen/slots.h"

struct slot {
	struct slots *owner;
	struct client *client;
	struct packet *packet; /* in flight; NULL: none */
	size_t target;
	bool is_free; /* in its target's list */
	TAILQ_ENTRY(slot) link;
};

static void slots_set_free(struct slots *s, struct slot *slot)
{
	if (slot->is_free || !client_is_available(slot->client))
		return;
	slot->is_free = true;
	TAILQ_INSERT_TAIL(&s->free[slot->target], slot, link);
}

static void on_client_done(void *arg, const struct client_result *result)
{
	struct slot *slot = arg;
	struct packet *packet = slot->packet;

	slot->packet = NULL;
	slot->owner->n_in_flight--;
	packet->result = *result;
	slots_set_free(slot->owner, slot);
	slot->owner->done_fn(slot->owner->arg, packet);
}

int slots_init(struct slots *s, struct event_base *base, const struct target *targets,
	       size_t n_targets, uint32_t n_connections, struct client_counts *counts,
	       slots_done_fn done_fn, void *arg)
{
	uint32_t n_slots = n_connections < n_targets ? (uint32_t)n_targets : n_connections;

	*s = (struct slots){ .n_targets = n_targets, .done_fn = done_fn, .arg = arg };
	s->free = calloc(n_targets, sizeof(*s->free));
	s->slots = calloc(n_slots, sizeof(*s->slots));
	if (!s->free || !s->slots)
		return -ENOMEM;
	for (size_t i = 0; i < n_targets; i++)
		TAILQ_INIT(&s->free[i]);
	while (s->n_slots < n_slots) {
		struct slot *slot = &s->slots[s->n_slots];

		slot->owner = s;
		slot->target = s->n_slots % n_targets;
		slot->client =
			client_new(base, &targets[slot->target], counts, on_client_done, slot);
		if (!slot->client)
			return -ENOMEM;
		s->n_slots++;
		slots_set_free(s, slot);
	}
	return 0;
}

void slots_deinit(struct slots *s)
{
	for (uint32_t i = 0; i < s->n_slots; i++)
		client_free(s->slots[i].client);
	free(s->slots);
	free(s->free);
	*s = (struct slots){ 0 };
}

struct slot *slots_pick(struct slots *s)
{
	for (size_t i = 0; i < s->n_targets; i++) {
		struct slot *slot = TAILQ_FIRST(&s->free[(s->next_target + i) % s->n_targets]);

		if (slot)
			return slot;
	}
	return NULL;
}

void slots_send(struct slots *s, struct slot *slot, struct packet *packet, uint64_t now_us)
{
	TAILQ_REMOVE(&s->free[slot->target], slot, link);
	slot->is_free = false;
	slot->packet = packet;
	s->next_target = (slot->target + 1) % s->n_targets;
	s->n_in_flight++;
	client_send(slot->client, packet->id, packet->body.data, packet->body.len, now_us);
}

void slots_sweep(struct slots *s, uint64_t now_us, uint64_t timeout_us)
{
	for (uint32_t i = 0; i < s->n_slots; i++) {
		client_sweep(s->slots[i].client, now_us, timeout_us);
		slots_set_free(s, &s->slots[i]);
	}
}

void slots_abort(struct slots *s)
{
	for (uint32_t i = 0; i < s->n_slots; i++)
		client_abort(s->slots[i].client);
}
