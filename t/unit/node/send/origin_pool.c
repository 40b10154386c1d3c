#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/send/origin_pool.h"

struct fixture {
	struct event_base *base;
	struct origin_pool pool;
	struct origins origins;
	struct origin *origin, *other;
};

static void on_done(struct http_conn *c UNUSED, enum http_conn_outcome outcome UNUSED)
{
}

static void on_looked_up(struct origin *o UNUSED)
{
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	origin_pool_init(&f->pool, f->base, NULL, on_done, NULL);
	origins_init(&f->origins, f->base, NULL, false, on_looked_up, NULL);
	*state = f;
	return origins_find(&f->origins, "http://127.0.0.1:1", &f->origin) ||
	       origins_find(&f->origins, "http://127.0.0.1:2", &f->other);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	origin_pool_deinit(&f->pool);
	assert_int_equal(f->origin->n_conns + f->other->n_conns, 0);
	origins_deinit(&f->origins);
	event_base_free(f->base);
	free(f);
	return 0;
}

/* One whose answer has just come. */
static struct pooled_conn *give_new(struct fixture *f, struct origin *o, uint64_t now_us)
{
	struct pooled_conn *c = origin_pool_conn_new(&f->pool, o);

	assert_non_null(c);
	c->http.state = HTTP_CONN_READY;
	origin_pool_give(c, now_us);
	return c;
}

static void the_newest_idle_connection_of_its_origin_is_taken(void **state)
{
	struct fixture *f = *state;
	struct pooled_conn *first = give_new(f, f->origin, 1), *second = give_new(f, f->origin, 2);

	give_new(f, f->other, 3);
	assert_ptr_equal(origin_pool_take(f->origin), second);
	assert_ptr_equal(origin_pool_take(f->origin), first);
	assert_null(origin_pool_take(f->origin));
	origin_pool_give(first, 4);
	origin_pool_give(second, 5);
	assert_int_equal(f->pool.n_idle, 3);
}

static void a_closed_one_is_not_kept(void **state)
{
	struct fixture *f = *state;

	origin_pool_give(origin_pool_conn_new(&f->pool, f->origin), 1);
	assert_int_equal(f->origin->n_conns, 0);
	assert_null(origin_pool_take(f->origin));
}

static void what_was_idle_for_long_is_closed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(origin_pool_sweep(&f->pool, 1), UINT64_MAX);
	give_new(f, f->origin, 100);
	give_new(f, f->other, 200);
	assert_int_equal(origin_pool_sweep(&f->pool, 99 + POOL_IDLE_US), 100 + POOL_IDLE_US);
	assert_int_equal(f->pool.n_idle, 2);
	assert_int_equal(origin_pool_sweep(&f->pool, 100 + POOL_IDLE_US), 200 + POOL_IDLE_US);
	assert_int_equal(f->origin->n_conns, 0);
	assert_int_equal(f->other->n_conns, 1);
	assert_int_equal(origin_pool_sweep(&f->pool, 200 + POOL_IDLE_US), UINT64_MAX);
	assert_int_equal(f->pool.n_idle, 0);
}

static void of_too_many_the_oldest_is_closed(void **state)
{
	struct fixture *f = *state;

	give_new(f, f->origin, 1);
	for (unsigned i = 0; i < POOL_MAX_IDLE; i++)
		give_new(f, f->other, 2 + i);
	assert_int_equal(f->pool.n_idle, POOL_MAX_IDLE);
	assert_int_equal(f->origin->n_conns, 0);
	assert_int_equal(f->other->n_conns, POOL_MAX_IDLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_newest_idle_connection_of_its_origin_is_taken),
		TEST(a_closed_one_is_not_kept),
		TEST(what_was_idle_for_long_is_closed),
		TEST(of_too_many_the_oldest_is_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/pool", tests, NULL, NULL);
}
