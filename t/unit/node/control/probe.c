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
#include "node/control/probe.h"
#include "t/unit/h2_peer.h"
#include "t/unit/node/deliver/fake_analyzer.h"

#define N_MAX 100
#define WAIT_US (20 * US_PER_S)

/* A prober, or two, and one server at which all analyzers are: /0/ingest, /1/ingest ... */
struct bench {
	struct event_base *base;
	struct prober *probers[2];
	struct fake_analyzer fake;
	struct h2_peer peer; /* another server, by HTTP/2 */
	struct analyzer analyzers[N_MAX];
	struct roster roster;
	uint32_t timeout_ms;
	unsigned n_changes;
	bool is_down[N_MAX];
};

static void health_is_beside_the_delivery_url(void **state)
{
	static const struct {
		const char *url, *health;
	} cases[] = {
		{ "http://h:9001/ingest", "http://h:9001/health" },
		{ "http://h:9001/a/b/ingest", "http://h:9001/a/b/health" },
		{ "http://h:9001/a/", "http://h:9001/a/health" },
		{ "http://h:9001/", "http://h:9001/health" },
		{ "http://h:9001", "http://h:9001/health" },
		{ "http://h/ingest?x=/y/z", "http://h/health" },
		{ "http://h?x=/y", "http://h/health" },
		{ "https://[::1]:9/a/ingest#b/c", "https://[::1]:9/a/health" },
		{ "h2c://h:9001/ingest", "h2c://h:9001/health" },
		{ "grpc://h:9001", "grpc://h:9001" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[ANALYZER_URL_MAX + 8];

		probe_health_url(cases[i].url, out);
		assert_string_equal(out, cases[i].health);
	}
}

static void the_longest_url_fits(void **state)
{
	char url[ANALYZER_URL_MAX + 1] = "http://", out[ANALYZER_URL_MAX + 8];
	(void)state;

	memset(url + 7, 'h', ANALYZER_URL_MAX - 7);
	url[ANALYZER_URL_MAX] = '\0';
	probe_health_url(url, out);
	assert_int_equal(strlen(out), ANALYZER_URL_MAX + 7);
	assert_string_equal(out + ANALYZER_URL_MAX, "/health");
}

static void on_change(void *arg, unsigned slot, bool is_down)
{
	struct bench *b = arg;

	b->n_changes += b->is_down[slot] != is_down;
	b->is_down[slot] = is_down;
}

static struct prober *new_prober(struct bench *b, uint32_t interval_ms, uint32_t rise,
				 uint32_t fall)
{
	struct prober_config config = { .base = b->base,
					.interval_ms = interval_ms,
					.timeout_ms = b->timeout_ms,
					.rise = rise,
					.fall = fall,
					.on_change = on_change,
					.arg = b };
	struct prober *prober = prober_new(&config);

	assert_non_null(prober);
	return prober;
}

static void set_roster(struct bench *b, struct prober *prober, unsigned n)
{
	b->roster = (struct roster){ .n_refs = 1,
				     .epoch = b->roster.epoch + 1,
				     .n_slots = N_MAX,
				     .n_analyzers = n,
				     .analyzers = b->analyzers };
	for (unsigned i = 0; i < n; i++)
		b->roster.by_slot[i] = &b->analyzers[i];
	prober_set_roster(prober, &b->roster);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	b->timeout_ms = 100;
	b->base = event_base_new();
	fake_analyzer_init(&b->fake, b->base);
	h2_peer_init(&b->peer, b->base);
	for (unsigned i = 0; i < N_MAX; i++) {
		struct analyzer *a = &b->analyzers[i];

		a->slot = i;
		snprintf(a->id, sizeof(a->id), "a%u", i);
		snprintf(a->instance, sizeof(a->instance), "first");
		snprintf(a->url, sizeof(a->url), "%.*s%u/ingest",
			 (int)(strlen(b->fake.url) - strlen("ingest")), b->fake.url, i);
	}
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	prober_free(b->probers[0]);
	prober_free(b->probers[1]);
	fake_analyzer_deinit(&b->fake);
	h2_peer_deinit(&b->peer);
	event_base_free(b->base);
	free(b);
	return 0;
}

#define TURN_UNTIL(b, condition)                                                                   \
	do {                                                                                       \
		uint64_t give_up_us = clock_mono_us() + WAIT_US;                                   \
                                                                                                   \
		while (!(condition) && clock_mono_us() < give_up_us)                               \
			assert_int_equal(event_base_loop((b)->base, EVLOOP_ONCE), 0);              \
		assert_true(condition);                                                            \
	} while (0)

static void so_many_failures_are_down_and_so_many_successes_up(void **state)
{
	static const struct {
		uint32_t rise, fall;
	} cases[] = { { 2, 3 }, { 1, 1 }, { 4, 2 } };
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned n_before = b->fake.n_posts;
		struct prober *p = b->probers[0] = new_prober(b, 10, cases[i].rise, cases[i].fall);

		b->fake.status = 500;
		set_roster(b, p, 1);
		TURN_UNTIL(b, b->is_down[0]);
		assert_int_equal(b->fake.n_posts, n_before + cases[i].fall);
		b->fake.status = 200;
		TURN_UNTIL(b, !b->is_down[0]);
		assert_int_equal(b->fake.n_posts, n_before + cases[i].fall + cases[i].rise);
		prober_free(p);
		b->probers[0] = NULL;
	}
	assert_int_equal(b->n_changes, 2 * ARRAY_LEN(cases));
}

static void a_success_between_failures_starts_the_count_again(void **state)
{
	struct bench *b = *state;

	b->probers[0] = new_prober(b, 10, 2, 2);
	set_roster(b, b->probers[0], 1);
	while (b->fake.n_posts < 10) {
		unsigned n = b->fake.n_posts;

		b->fake.status = n % 2 ? 500 : 200;
		TURN_UNTIL(b, b->fake.n_posts > n);
	}
	assert_int_equal(b->n_changes, 0);
}

static void a_server_that_knows_no_health_is_alive(void **state)
{
	static const int statuses[] = { 404, 501, 405, 200 };
	struct bench *b = *state;

	b->probers[0] = new_prober(b, 10, 1, 1);
	set_roster(b, b->probers[0], 1);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		b->fake.status = statuses[i];
		TURN_UNTIL(b, b->fake.n_posts > i + 1);
	}
	assert_int_equal(b->n_changes, 0);
	assert_string_equal(b->fake.posts[0].path, "/0/health");
}

static void no_answer_is_a_failure(void **state)
{
	struct bench *b = *state;

	b->probers[0] = new_prober(b, 10, 1, 2);
	b->fake.status = 0;
	set_roster(b, b->probers[0], 1);
	TURN_UNTIL(b, b->is_down[0]);
	assert_int_equal(b->fake.n_posts, 2);
}

/* Without a word, as with the power of its host. */
static void who_vanished_and_is_back_is_up_again(void **state)
{
	struct bench *b = *state;

	b->probers[0] = new_prober(b, 10, 1, 1);
	strcpy(b->analyzers[0].url, b->peer.h2c_url);
	set_roster(b, b->probers[0], 1);
	TURN_UNTIL(b, b->peer.n_requests);
	h2_peer_vanish(&b->peer);
	TURN_UNTIL(b, b->is_down[0]);
	TURN_UNTIL(b, !b->is_down[0]);
}

static void a_new_instance_counts_as_up(void **state)
{
	struct bench *b = *state;

	b->probers[0] = new_prober(b, 10, 2, 1);
	b->fake.status = 500;
	set_roster(b, b->probers[0], 1);
	TURN_UNTIL(b, b->is_down[0]);
	strcpy(b->analyzers[0].instance, "second");
	set_roster(b, b->probers[0], 1);
	assert_false(b->is_down[0]);
}

/* As one of a list does whose URL there is another now: its instance stays. */
static void who_moves_is_up_and_asked_there(void **state)
{
	struct bench *b = *state;
	char *path = strstr(b->analyzers[0].url, "0/ingest");

	b->probers[0] = new_prober(b, 10, 1, 1);
	b->fake.status = 500;
	set_roster(b, b->probers[0], 1);
	TURN_UNTIL(b, b->is_down[0]);
	strcpy(path, "moved/ingest");
	b->fake.status = 200;
	set_roster(b, b->probers[0], 1);
	assert_false(b->is_down[0]);
	TURN_UNTIL(b, strcmp(b->fake.posts[b->fake.n_posts - 1].path, "/moved/health") == 0);
}

/* It is sent once more, as its connection ends, and must not tell anybody the token of the new one. */
static void a_probe_under_way_stays_what_it_was(void **state)
{
	struct bench *b = *state;
	struct analyzer *a = &b->analyzers[0];

	b->timeout_ms = 10000;
	b->probers[0] = new_prober(b, 10, 1, 1);
	strcpy(a->url, b->peer.h2c_url);
	strcpy(a->delivery_token, "token-of-the-first");
	set_roster(b, b->probers[0], 1);
	TURN_UNTIL(b, b->peer.n_requests);
	b->peer.is_holding = true;
	TURN_UNTIL(b, b->peer.n_open == 1);
	strcpy(a->instance, "other");
	strcpy(strrchr(a->url, '/'), "/other/in");
	strcpy(a->delivery_token, "token-of-the-other");
	set_roster(b, b->probers[0], 1);
	h2_peer_hang_up(&b->peer);
	TURN_UNTIL(b, b->peer.n_open == 2);
	assert_true(h2_peer_has(&b->peer, ":path: /health\n"));
	assert_true(h2_peer_has(&b->peer, "authorization: Bearer token-of-the-first\n"));
	h2_peer_release(&b->peer);
	TURN_UNTIL(b, h2_peer_has(&b->peer, ":path: /other/health\n"));
	assert_true(h2_peer_has(&b->peer, "authorization: Bearer token-of-the-other\n"));
}

static void what_the_instance_before_answers_counts_for_nobody(void **state)
{
	struct bench *b = *state;

	b->timeout_ms = 10000;
	b->probers[0] = new_prober(b, 10, 1, 1);
	b->fake.status = 0;
	set_roster(b, b->probers[0], 1);
	TURN_UNTIL(b, b->fake.n_posts);
	strcpy(b->analyzers[0].instance, "second");
	set_roster(b, b->probers[0], 1);
	fake_analyzer_answer(&b->fake, 500);
	b->fake.status = 200;
	TURN_UNTIL(b, b->fake.n_posts >= 3);
	assert_int_equal(b->n_changes, 0);
}

/* Nodes that hear of analyzers at the same time. */
static void first_probes_are_spread_over_the_interval(void **state)
{
	struct bench *b = *state;
	uint64_t begin_us = clock_mono_us(), at_us[N_MAX] = { 0 };
	unsigned n_after[4] = { 0 }, n_apart = 0;

	for (unsigned i = 0; i < 2; i++) {
		b->probers[i] = new_prober(b, 2000, 1, 1);
		set_roster(b, b->probers[i], N_MAX);
	}
	TURN_UNTIL(b, b->fake.n_posts >= 2 * N_MAX);
	for (unsigned i = 0; i < 2 * N_MAX; i++) {
		const struct fake_post *post = &b->fake.posts[i];
		uint64_t after_us = post->at_us - begin_us;
		unsigned n = (unsigned)atoi(post->path + 1);

		for (unsigned k = 0; k < 4; k++)
			n_after[k] += after_us >= k * 500000;
		n_apart += at_us[n] && post->at_us - at_us[n] > 100000;
		at_us[n] = post->at_us;
	}
	/* a busy machine may make them late, but none comes early */
	for (unsigned k = 1; k < 4; k++)
		assert_true(n_after[k] >= (4 - k) * N_MAX / 2 - 30);
	assert_true(n_apart >= 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_is_beside_the_delivery_url),
		cmocka_unit_test(the_longest_url_fits),
		TEST(so_many_failures_are_down_and_so_many_successes_up),
		TEST(a_success_between_failures_starts_the_count_again),
		TEST(a_server_that_knows_no_health_is_alive),
		TEST(no_answer_is_a_failure),
		TEST(who_vanished_and_is_back_is_up_again),
		TEST(a_new_instance_counts_as_up),
		TEST(who_moves_is_up_and_asked_there),
		TEST(a_probe_under_way_stays_what_it_was),
		TEST(what_the_instance_before_answers_counts_for_nobody),
		TEST(first_probes_are_spread_over_the_interval),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/probe", tests, NULL, NULL);
}
