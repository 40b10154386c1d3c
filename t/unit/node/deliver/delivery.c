#include "t/unit/node/deliver/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "node/packet/suspicion.h"

#define WAIT_US (20 * US_PER_S)
#define TURN_US 2000

static unsigned number_of(const struct packet *p)
{
	return (unsigned)strtoul(p->body + strlen("{\"n\":"), NULL, 10);
}

static void decide(struct delivery *d, unsigned slot, struct packet *p, enum outcome outcome)
{
	unsigned n = number_of(p);

	d->n_repeats += d->outcomes[n] != UNDECIDED;
	d->n_fates++;
	d->n_blamed += suspicion_n_failures(p) > 0;
	d->outcomes[n] = outcome;
	d->slots[n] = slot;
	d->last_messages = p->n_messages;
	snprintf(d->last_body, sizeof(d->last_body), "%.*s", (int)p->len, p->body);
	packet_free(p);
}

static void on_delivered(void *arg, unsigned slot, const char *analyzer, struct packet *p)
{
	struct delivery *d = arg;

	assert_string_equal(analyzer, d->analyzers[slot].id);
	decide(d, slot, p, DELIVERED);
}

static void on_part_delivered(void *arg, unsigned slot, uint32_t n_messages)
{
	struct delivery *d = arg;

	(void)slot;
	d->n_part_messages += n_messages;
}

static void on_taken_back(void *arg, unsigned slot, struct packet *p, enum reroute_reason reason,
			  bool tried)
{
	struct delivery *d = arg;

	d->reasons[number_of(p)] = reason;
	if (d->again && !suspicion_is_suspect(p) && d->dispatch.reach[!slot])
		dispatch_push(&d->dispatch, !slot, p);
	else
		decide(d, slot, p, tried ? TAKEN_BACK_TRIED : TAKEN_BACK);
}

static void on_bad(void *arg, unsigned slot, const char *analyzer, struct packet *p, int status)
{
	struct delivery *d = arg;

	assert_string_equal(analyzer, d->analyzers[slot].id);
	d->statuses[number_of(p)] = status;
	decide(d, slot, p, BAD);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void init_analyzers(struct delivery *d)
{
	for (unsigned i = 0; i < N_ANALYZERS; i++) {
		struct analyzer *a = &d->analyzers[i];

		fake_analyzer_init(&d->fakes[i], d->base);
		*a = (struct analyzer){ .slot = i,
					.share = 0.5,
					.accepts = ACCEPTS_BATCH,
					.max_batch_packets = 256,
					.max_batch_bytes = 1 << 20 };
		snprintf(a->id, sizeof(a->id), "a%u", i);
		snprintf(a->url, sizeof(a->url), "%s", d->fakes[i].url);
		snprintf(a->instance, sizeof(a->instance), "first");
	}
}

int delivery_setup(void **state)
{
	struct delivery *d = calloc(1, sizeof(*d));
	struct dispatch_events events = { .on_delivered = on_delivered,
					  .on_part_delivered = on_part_delivered,
					  .on_taken_back = on_taken_back,
					  .on_bad = on_bad,
					  .arg = d };
	struct lane_config lane = { .metrics = &d->shard,
				    .memory = &d->memory,
				    .origin = { "n1", "default/1", "Weir-Node: n1\r\n" },
				    .connect_ms = 1000,
				    .timeout_ms = 10000 };
	struct timeval turn = clock_timeval(TURN_US);

	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	d->pool.left_bytes = 1 << 30;
	memory_init(&d->memory, &d->pool);
	d->base = event_base_new();
	d->metrics = node_metrics_new();
	assert_int_equal(metrics_shard_init(&d->shard, d->metrics), 0);
	d->turn = event_new(d->base, -1, EV_PERSIST, on_turn, NULL);
	event_add(d->turn, &turn);
	lane.sender = d->sender = sender_new(d->base, NULL);
	assert_non_null(d->sender);
	assert_int_equal(dispatch_init(&d->dispatch, d->base, &lane, &events), 0);
	init_analyzers(d);
	delivery_set_roster(d, -1);
	*state = d;
	return 0;
}

void delivery_end(struct delivery *d)
{
	if (d->is_over)
		return;
	dispatch_end(&d->dispatch);
	sender_free(d->sender);
	dispatch_deinit(&d->dispatch);
	d->is_over = true;
}

int delivery_teardown(void **state)
{
	struct delivery *d = *state;

	delivery_end(d);
	for (unsigned i = 0; i < N_ANALYZERS; i++)
		fake_analyzer_deinit(&d->fakes[i]);
	event_free(d->turn);
	event_base_free(d->base);
	metrics_shard_deinit(&d->shard);
	metrics_free(d->metrics);
	free(d);
	return 0;
}

void delivery_set_roster(struct delivery *d, int absent)
{
	static struct analyzer present[N_ANALYZERS];
	struct roster *r = &d->roster;

	*r = (struct roster){
		.n_refs = 1, .epoch = r->epoch + 1, .n_slots = N_ANALYZERS, .analyzers = present
	};
	for (unsigned i = 0; i < N_ANALYZERS; i++) {
		if ((int)i == absent)
			continue;
		present[r->n_analyzers] = d->analyzers[i];
		r->by_slot[i] = &present[r->n_analyzers++];
	}
	dispatch_set_roster(&d->dispatch, r, NULL);
}

void delivery_push(struct delivery *d, unsigned slot, unsigned number)
{
	struct packet *p = packet_new(64);

	assert_non_null(p);
	assert_true(number < MAX_PACKETS);
	p->len = (size_t)snprintf(p->body, 64, "{\"n\":%u}", number);
	p->n_messages = number % 3 + 1;
	dispatch_push(&d->dispatch, slot, p);
}

void delivery_push_many(struct delivery *d, unsigned slot, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		delivery_push(d, slot, i);
}

static void note_reach(struct delivery *d)
{
	d->n_flips += d->dispatch.reach[0] != d->had_reach;
	d->had_reach = d->dispatch.reach[0];
}

void delivery_turn(struct delivery *d)
{
	note_reach(d);
	dispatch_flush(&d->dispatch);
	assert_int_equal(event_base_loop(d->base, EVLOOP_ONCE), 0);
	note_reach(d);
}

#define TURN_UNTIL(d, condition)                                                                   \
	do {                                                                                       \
		uint64_t give_up_us = clock_mono_us() + WAIT_US;                                   \
                                                                                                   \
		while (!(condition) && clock_mono_us() < give_up_us)                               \
			delivery_turn(d);                                                          \
		assert_true(condition);                                                            \
	} while (0)

void delivery_wait_fates(struct delivery *d, unsigned n)
{
	TURN_UNTIL(d, d->n_fates >= n);
}

void delivery_wait_posts(struct delivery *d, unsigned slot, unsigned n)
{
	TURN_UNTIL(d, d->fakes[slot].n_posts >= n);
}

void delivery_wait_reach(struct delivery *d, unsigned slot, bool reach)
{
	TURN_UNTIL(d, d->dispatch.reach[slot] == reach);
}

unsigned delivery_count(const struct delivery *d, enum outcome outcome)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_PACKETS; i++)
		n += d->outcomes[i] == outcome;
	return n;
}
