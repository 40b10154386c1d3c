#include "t/unit/node/spill/in_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/ingest/exchange.h"

static struct in_bench the_bench;
static struct exchange somebody; /* who waits for the fate of a packet */

unsigned in_n_fates(const struct in_bench *b)
{
	return b->n_again + b->n_stored + b->n_refused;
}

static bool can_place(void *arg)
{
	return ((struct in_bench *)arg)->can_place;
}

static void on_again(void *arg, struct packet *p)
{
	struct in_bench *b = arg;

	b->n_again++;
	packet_free_within(&b->env.memory, p);
}

static void on_stored(void *arg, struct packet *p)
{
	struct in_bench *b = arg;

	if (b->n_stored < MANY)
		b->numbers[b->n_stored] = spill_bench_number(p->body, p->len);
	b->n_stored++;
	packet_free_within(&b->env.memory, p);
}

static void on_refused(void *arg, struct packet *p, enum refusal refusal)
{
	struct in_bench *b = arg;

	b->n_refused++;
	b->refusal = refusal;
	packet_free_within(&b->env.memory, p);
}

void in_turn(struct in_bench *b)
{
	assert_int_equal(event_base_loop(b->env.base, EVLOOP_ONCE), 0);
	spill_in_turn(&b->in);
}

void in_begin(struct in_bench *b, uint64_t after_us, uint64_t max_bytes, unsigned min_replicas)
{
	struct spill_in_config config = { .base = b->env.base,
					  .link = b->env.link,
					  .metrics = &b->env.shard,
					  .node_id = "n1",
					  .worker = "n1/0",
					  .after_us = after_us,
					  .max_bytes = max_bytes,
					  .min_replicas = min_replicas,
					  .timeout_us = WAIT_US,
					  .can_place = can_place,
					  .on_again = on_again,
					  .on_stored = on_stored,
					  .on_refused = on_refused,
					  .arg = b };

	assert_int_equal(spill_in_init(&b->in, &config), 0);
}

void in_end(struct in_bench *b)
{
	link_free(b->env.link);
	b->env.link = NULL;
	spill_in_deinit(&b->in);
}

int in_bench_setup(void **state)
{
	struct in_bench *b = &the_bench;
	struct spill_bench env = b->env;

	*b = (struct in_bench){ .env = env };
	spill_bench_setup(&b->env);
	*state = b;
	return 0;
}

int in_bench_teardown(void **state)
{
	struct in_bench *b = *state;

	if (b->env.link)
		in_end(b);
	spill_bench_teardown(&b->env);
	return 0;
}

void in_add_large(struct in_bench *b, bool is_acknowledged, size_t n_bytes)
{
	struct packet *p = spill_bench_packet(&b->env, b->next_number++, n_bytes);

	p->exchange = is_acknowledged ? NULL : &somebody;
	spill_in_add(&b->in, p);
}

void in_add(struct in_bench *b)
{
	in_add_large(b, false, 0);
}

void in_add_and_wait(struct in_bench *b, uint64_t min_us)
{
	uint64_t since_us = clock_mono_us();
	unsigned n = in_n_fates(b);

	in_add(b);
	TURN_UNTIL(b, in_turn, in_n_fates(b) > n);
	assert_true(clock_mono_us() - since_us >= min_us);
}

void in_add_and_do_not_wait(struct in_bench *b)
{
	unsigned n = b->n_stored;

	assert_int_equal(b->in.state, SPILL_IN_IDLE);
	in_add(b);
	spill_in_turn(&b->in);
	assert_int_equal(b->in.state, SPILL_IN_PUSHING);
	TURN_UNTIL(b, in_turn, b->n_stored > n);
}

void in_assert_refused_at_once(struct in_bench *b, enum refusal refusal)
{
	unsigned n = b->n_refused;

	in_add(b);
	assert_int_equal(b->n_refused, n + 1);
	assert_int_equal(b->refusal, refusal);
}

int in_bench_start(void **state)
{
	(void)state;
	return spill_bench_start(&the_bench.env);
}

int in_bench_stop(void **state)
{
	(void)state;
	spill_bench_stop(&the_bench.env);
	return 0;
}
