/* link.[ch] on libevent against a Redis that restarts, stalls and forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/redis/link.h"
#include "registry/scripts.h"
#include "t/unit/redis_pool.h"

#define STALL_MS 500
#define WAIT_US (20 * US_PER_S)
#define MAX_CALLS 64

static struct redis_pool *pool; /* on TCP */
static struct event_base *base;

/* What a link told us. */
struct seen {
	struct link *link;
	unsigned n_up, n_down, n_events;
	char event[128];
	bool calling; /* inside link_call */
	unsigned n_called, n_answered, n_null;
	unsigned per_call[MAX_CALLS]; /* callbacks of each call */
	bool call_again;              /* issue a call from each callback */
};

static int setup(void **state)
{
	(void)state;
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, NULL);
	pool = calloc(1, sizeof(*pool));
	base = event_base_new();
	if (!pool || !base || redis_server_start(&pool->server, true) != 0)
		return -1;
	if (redis_url_parse(&pool->url, pool->server.url) != 0)
		return -1;
	pool->client = client_new(&pool->url, registry_scripts(&pool->keys), 5000);
	return pool->client ? registry_keys_init(&pool->keys, "test") : -1;
}

static int teardown(void **state)
{
	(void)state;
	client_free(pool->client);
	redis_server_stop(&pool->server);
	free(pool);
	event_base_free(base);
	return 0;
}

static void on_up(void *arg, bool up)
{
	struct seen *seen = arg;

	seen->n_up += up;
	seen->n_down += !up;
}

static void on_event(void *arg, const char *text)
{
	struct seen *seen = arg;

	seen->n_events++;
	snprintf(seen->event, sizeof(seen->event), "%s", text);
}

struct pending {
	struct seen *seen;
	unsigned i;
};
static struct pending pendings[MAX_CALLS];

static int call(struct seen *seen);

static void on_reply(void *arg, const redisReply *reply)
{
	struct pending *pending = arg;
	struct seen *seen = pending->seen;

	assert_false(seen->calling);
	assert_int_equal(++seen->per_call[pending->i], 1);
	if (reply)
		seen->n_answered++;
	else
		seen->n_null++;
	if (seen->call_again && call(seen) != 0)
		seen->call_again = false;
}

static int call(struct seen *seen)
{
	struct pending *pending = &pendings[seen->n_called];
	struct script_args args = { 0 };
	int r;

	assert_true(seen->n_called < MAX_CALLS);
	*pending = (struct pending){ seen, seen->n_called };
	seen->calling = true;
	r = link_call(seen->link, SCRIPT_ROSTER, &args, on_reply, pending);
	seen->calling = false;
	seen->n_called += r == 0;
	return r;
}

static void start(struct seen *seen, bool subscribe)
{
	struct link_config config = { .base = base,
				      .url = &pool->url,
				      .scripts = registry_scripts(&pool->keys),
				      .name = "test",
				      .stall_ms = STALL_MS,
				      .subscribe = subscribe,
				      .on_up = on_up,
				      .on_event = on_event,
				      .arg = seen };

	*seen = (struct seen){ .link = link_new(&config) };
	assert_non_null(seen->link);
}

static bool is_up(const struct seen *seen)
{
	return link_is_up(seen->link);
}

static bool is_down(const struct seen *seen)
{
	return !link_is_up(seen->link);
}

static bool all_called_back(const struct seen *seen)
{
	return seen->n_answered + seen->n_null == seen->n_called;
}

static bool has_answer(const struct seen *seen)
{
	return seen->n_answered > 0;
}

static bool has_event(const struct seen *seen)
{
	return seen->n_events > 0;
}

/* Turns the loop until it is so; the timer is there to wake the loop at the deadline. */
static void wait_until(bool (*is_so)(const struct seen *), const struct seen *seen)
{
	uint64_t end = clock_mono_us() + WAIT_US;
	struct timeval tv = clock_timeval(WAIT_US);

	event_base_loopexit(base, &tv);
	while (!is_so(seen)) {
		event_base_loop(base, EVLOOP_ONCE);
		assert_true(clock_mono_us() < end);
	}
}

static void call_n(struct seen *seen, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(call(seen), 0);
}

static void it_comes_up_and_answers_each_call_once(void **state)
{
	struct seen seen;
	(void)state;

	start(&seen, false);
	assert_int_equal(call(&seen), LINK_E_DOWN);
	wait_until(is_up, &seen);
	assert_int_equal(seen.n_up, 1);
	call_n(&seen, 20);
	assert_int_equal(seen.n_answered, 0);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_answered, 20);
	assert_int_equal(link_stats(seen.link)->n_calls, 20);
	assert_int_equal(link_stats(seen.link)->n_failed, 0);
	assert_int_equal(link_stats(seen.link)->n_connects, 1);
	assert_true(link_stats(seen.link)->last_us > 0);
	link_free(seen.link);
}

static void a_killed_redis_answers_with_null_and_is_found_again(void **state)
{
	struct seen seen;
	(void)state;

	start(&seen, false);
	wait_until(is_up, &seen);
	redis_server_freeze(&pool->server);
	call_n(&seen, 10);
	event_base_loop(base, EVLOOP_NONBLOCK); /* they go out */
	redis_server_kill(&pool->server);
	wait_until(all_called_back, &seen);
	wait_until(is_down, &seen);
	assert_int_equal(seen.n_null, 10);
	assert_int_equal(seen.n_down, 1);
	assert_int_equal(call(&seen), LINK_E_DOWN);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	wait_until(is_up, &seen);
	call_n(&seen, 1);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_answered, 1);
	assert_int_equal(link_stats(seen.link)->n_connects, 2);
	link_free(seen.link);
}

static void a_stall_is_given_up_in_time(void **state)
{
	struct seen seen;
	uint64_t began;
	(void)state;

	start(&seen, false);
	wait_until(is_up, &seen);
	redis_server_freeze(&pool->server);
	began = clock_mono_us();
	call_n(&seen, 3);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_null, 3);
	assert_true(clock_mono_us() - began >= STALL_MS * US_PER_MS);
	assert_false(link_is_up(seen.link));
	redis_server_thaw(&pool->server);
	wait_until(is_up, &seen);
	link_free(seen.link);
}

static void an_idle_link_outlives_the_stall_limit(void **state)
{
	struct seen seen;
	uint64_t end;
	(void)state;

	start(&seen, false);
	wait_until(is_up, &seen);
	end = clock_mono_us() + 3 * STALL_MS * US_PER_MS;
	while (clock_mono_us() < end)
		event_base_loop(base, EVLOOP_ONCE);
	assert_true(link_is_up(seen.link));
	assert_int_equal(seen.n_down, 0);
	call_n(&seen, 1);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_answered, 1);
	link_free(seen.link);
}

static void forgotten_scripts_are_loaded_by_a_new_connection(void **state)
{
	struct seen seen;
	(void)state;

	start(&seen, false);
	wait_until(is_up, &seen);
	POOL_DO(pool, "SCRIPT", "FLUSH");
	call_n(&seen, 2);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_null, 2);
	wait_until(is_down, &seen);
	wait_until(is_up, &seen);
	call_n(&seen, 1);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_answered, 1);
	link_free(seen.link);
}

static void write_when_up(void *arg, bool up)
{
	static const char *const words[] = { "SET", "x", "1" };
	struct seen *seen = arg;
	struct pending *pending = &pendings[0];

	on_up(arg, up);
	*pending = (struct pending){ seen, 0 };
	seen->per_call[0] = 0;
	if (up)
		assert_int_equal(
			link_command(seen->link, ARRAY_LEN(words), words, on_reply, pending), 0);
}

/* Its greeting is answered each time. */
static void a_server_that_takes_no_writes_is_connected_to_ever_more_rarely(void **state)
{
	struct seen seen = { 0 };
	struct link_config config = { .base = base,
				      .url = &pool->url,
				      .scripts = registry_scripts(&pool->keys),
				      .name = "test",
				      .stall_ms = STALL_MS,
				      .on_up = write_when_up,
				      .arg = &seen };
	uint64_t from_us;
	(void)state;

	POOL_DO(pool, "REPLICAOF", "127.0.0.1", "1");
	seen.link = link_new(&config);
	assert_non_null(seen.link);
	from_us = clock_mono_us();
	while (clock_mono_us() - from_us < 2 * US_PER_S)
		event_base_loop(base, EVLOOP_ONCE);
	assert_in_range(link_stats(seen.link)->n_connects, 1, 20);
	POOL_DO(pool, "REPLICAOF", "NO", "ONE");
	wait_until(has_answer, &seen);
	link_free(seen.link);
}

static void a_refused_greeting_is_tried_again(void **state)
{
	struct seen seen;
	(void)state;

	strcpy(pool->url.password, "wrong");
	strcpy(pool->url.user, "weir");
	start(&seen, false);
	for (int i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_ONCE);
	assert_false(link_is_up(seen.link));
	assert_int_equal(seen.n_up, 0);
	pool->url.password[0] = pool->url.user[0] = '\0';
	wait_until(is_up, &seen);
	link_free(seen.link);
}

static void a_callback_may_call_again_even_while_the_connection_ends(void **state)
{
	struct seen seen;
	(void)state;

	start(&seen, false);
	wait_until(is_up, &seen);
	redis_server_freeze(&pool->server);
	call_n(&seen, 5);
	event_base_loop(base, EVLOOP_NONBLOCK);
	seen.call_again = true;
	redis_server_kill(&pool->server);
	wait_until(is_down, &seen);
	wait_until(all_called_back, &seen);
	assert_int_equal(seen.n_null, seen.n_called);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	link_free(seen.link);
}

static void freeing_ends_every_call(void **state)
{
	struct seen seen;
	(void)state;

	start(&seen, false);
	wait_until(is_up, &seen);
	call_n(&seen, 7);
	link_free(seen.link);
	assert_int_equal(seen.n_null, 7);
	start(&seen, false);
	link_free(seen.link); /* before it connected */
	link_free(NULL);
}

static void a_subscriber_hears_of_every_change(void **state)
{
	struct seen seen;
	(void)state;

	start(&seen, true);
	wait_until(is_up, &seen);
	redis_pool_join(pool, "a1", 0.5, 60000);
	wait_until(has_event, &seen);
	assert_non_null(strstr(seen.event, "epoch "));
	assert_non_null(strstr(seen.event, "register a1"));
	redis_server_kill(&pool->server);
	wait_until(is_down, &seen);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	wait_until(is_up, &seen);
	seen.n_events = 0;
	redis_pool_join(pool, "a2", 0.5, 60000);
	wait_until(has_event, &seen);
	assert_non_null(strstr(seen.event, "register a2"));
	link_free(seen.link);
}

static void a_refused_connection_is_tried_until_it_works(void **state)
{
	struct seen seen;
	(void)state;

	redis_server_kill(&pool->server);
	start(&seen, false);
	for (int i = 0; i < 6; i++)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(seen.n_up, 0);
	assert_int_equal(redis_server_restart(&pool->server), 0);
	wait_until(is_up, &seen);
	link_free(seen.link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_up_and_answers_each_call_once),
		cmocka_unit_test(a_killed_redis_answers_with_null_and_is_found_again),
		cmocka_unit_test(a_stall_is_given_up_in_time),
		cmocka_unit_test(an_idle_link_outlives_the_stall_limit),
		cmocka_unit_test(forgotten_scripts_are_loaded_by_a_new_connection),
		cmocka_unit_test(a_server_that_takes_no_writes_is_connected_to_ever_more_rarely),
		cmocka_unit_test(a_refused_greeting_is_tried_again),
		cmocka_unit_test(a_callback_may_call_again_even_while_the_connection_ends),
		cmocka_unit_test(freeing_ends_every_call),
		cmocka_unit_test(a_subscriber_hears_of_every_change),
		cmocka_unit_test(a_refused_connection_is_tried_until_it_works),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
