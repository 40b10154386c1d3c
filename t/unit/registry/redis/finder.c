/* How links and clients follow the primary: a sentinel of the test's own names real Redis servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/redis/client.h"
#include "registry/redis/finder.h"
#include "registry/redis/link.h"
#include "registry/scripts.h"
#include "t/unit/fake_sentinel.h"
#include "t/unit/redis_server.h"

#define WAIT_US (20 * US_PER_S)
#define STALL_MS 1000

static struct redis_server servers[2];
static struct fake_sentinel fake;
static struct registry_keys keys;
static struct event_base *base;
static struct redis_url url;

static void command(unsigned i, unsigned n, const char *const *words)
{
	struct redis_url direct;
	struct client *client CLEANUP(client_freep) =
		client_new(&direct, registry_scripts(&keys), 5000);
	redisReply *reply;

	assert_int_equal(redis_url_parse(&direct, servers[i].url), 0);
	assert_int_equal(client_command(client, &reply, n, words), 0);
	freeReplyObject(reply);
}

static void make_replica(unsigned i)
{
	command(i, 3, (const char *[]){ "REPLICAOF", "127.0.0.1", "1" });
}

static void make_primary(unsigned i)
{
	command(i, 3, (const char *[]){ "REPLICAOF", "NO", "ONE" });
}

static int setup(void **state)
{
	(void)state;
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, NULL);
	base = event_base_new();
	if (!base || registry_keys_init(&keys, "test") != 0 || fake_sentinel_start(&fake) != 0)
		return -1;
	for (unsigned i = 0; i < ARRAY_LEN(servers); i++)
		if (redis_server_start(&servers[i], true) != 0)
			return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(servers); i++)
		redis_server_stop(&servers[i]);
	fake_sentinel_stop(&fake);
	event_base_free(base);
	return 0;
}

static int begin(void **state)
{
	char text[128];

	(void)state;
	make_primary(0);
	make_primary(1);
	fake_sentinel_name(&fake, servers[0].port);
	snprintf(text, sizeof(text), "redis+sentinel://127.0.0.1:%d/m", fake.port);
	return redis_url_parse(&url, text);
}

static int end(void **state)
{
	(void)state;
	redis_url_deinit(&url);
	return 0;
}

/* ---- links ---- */

static struct link *start_link(bool subscribe)
{
	struct link_config config = { .base = base,
				      .url = &url,
				      .scripts = registry_scripts(&keys),
				      .name = "test",
				      .stall_ms = STALL_MS,
				      .subscribe = subscribe };
	struct link *link = link_new(&config);

	assert_non_null(link);
	return link;
}

static void turn_until(struct link *link, bool is_up, uint64_t n_connects)
{
	uint64_t end = clock_mono_us() + WAIT_US;
	struct timeval tv = clock_timeval(WAIT_US);

	event_base_loopexit(base, &tv);
	while (link_is_up(link) != is_up || link_stats(link)->n_connects < n_connects) {
		event_base_loop(base, EVLOOP_ONCE);
		assert_true(clock_mono_us() < end);
	}
}

/* The name that the links of this test have, at that server. */
static bool is_connected_to(unsigned i)
{
	struct redis_url direct;
	struct client *client CLEANUP(client_freep) =
		client_new(&direct, registry_scripts(&keys), 5000);
	redisReply *reply;
	bool is_there;

	assert_int_equal(redis_url_parse(&direct, servers[i].url), 0);
	assert_int_equal(client_command(client, &reply, 2, (const char *[]){ "CLIENT", "LIST" }),
			 0);
	is_there = strstr(reply->str, "name=test") != NULL;
	freeReplyObject(reply);
	return is_there;
}

static void links_follow_the_primary(void **state)
{
	struct link *link, *events;
	(void)state;

	link = start_link(false);
	events = start_link(true);
	turn_until(link, true, 1);
	turn_until(events, true, 1);
	assert_true(is_connected_to(0));
	/* the first lives on, and takes itself for the primary */
	fake_sentinel_name(&fake, servers[1].port);
	turn_until(link, true, 2);
	turn_until(events, true, 2);
	assert_true(is_connected_to(1));
	assert_false(is_connected_to(0));
	link_free(events);
	link_free(link);
}

static void a_link_does_not_stay_with_a_replica(void **state)
{
	struct link *link;
	uint64_t end = clock_mono_us() + 300 * US_PER_MS;
	struct timeval tick = clock_timeval(10 * US_PER_MS);
	(void)state;

	make_replica(0);
	link = start_link(false);
	while (clock_mono_us() < end) {
		event_base_loopexit(base, &tick);
		event_base_dispatch(base);
		assert_false(link_is_up(link));
	}
	assert_int_equal(link_stats(link)->n_connects, 0);
	assert_true(fake_sentinel_n_asked(&fake) >= 3); /* again for each connection */
	make_primary(0);
	turn_until(link, true, 1);
	link_free(link);
}

static void on_reply(void *arg, const redisReply *reply)
{
	unsigned *n_refused = arg;

	*n_refused += !reply;
}

static void readonly_means_another_connection(void **state)
{
	struct link *link;
	unsigned n_refused = 0;
	(void)state;

	link = start_link(false);
	turn_until(link, true, 1);
	make_replica(0);
	assert_int_equal(
		link_command(link, 3, (const char *[]){ "SET", "x", "1" }, on_reply, &n_refused),
		0);
	turn_until(link, false, 1);
	assert_int_equal(n_refused, 1);
	fake_sentinel_name(&fake, servers[1].port);
	turn_until(link, true, 2);
	assert_true(is_connected_to(1));
	link_free(link);
}

static void a_link_may_go_while_it_is_being_found(void **state)
{
	struct link *link;
	(void)state;

	fake_sentinel_say(&fake, NULL);
	link = start_link(false);
	event_base_loop(base, EVLOOP_ONCE);
	link_free(link);
	link = start_link(false);
	link_free(link);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	unsigned *n_ticks = arg;

	(void)fd;
	(void)what;
	++*n_ticks;
}

/* Whether the loop ticks five times before the finder's thread gives up on the silent sentinel. */
static bool ticks_meanwhile(struct finder_watch *watch, const unsigned *n_ticks)
{
	unsigned until = *n_ticks + 5;
	struct link *link;
	bool is_in_time;

	finder_ask(&url, watch);
	link = start_link(false);
	while (*n_ticks < until)
		event_base_loop(base, EVLOOP_ONCE);
	is_in_time = !finder_is_answered(&url, watch);
	assert_false(link_is_up(link));
	link_free(link);
	while (!finder_is_answered(&url, watch))
		event_base_loop(base, EVLOOP_ONCE);
	return is_in_time;
}

/* The machine may pause the loop for as long; it does not do so each time. */
static void a_mute_sentinel_holds_up_no_loop(void **state)
{
	struct timeval tick = clock_timeval(10 * US_PER_MS);
	struct finder_watch watch = { .fd = eventfd(0, EFD_NONBLOCK) };
	unsigned n_ticks = 0, n_tries = 1;
	struct event *ticker = event_new(base, -1, EV_PERSIST, on_tick, &n_ticks);
	(void)state;

	fake_sentinel_say(&fake, NULL);
	assert_int_equal(event_add(ticker, &tick), 0);
	assert_int_equal(finder_join(&url, &watch), 0);
	while (!ticks_meanwhile(&watch, &n_ticks))
		assert_true(++n_tries < 20);
	finder_leave(&url, &watch);
	event_free(ticker);
	close(watch.fd);
}

static void a_primary_that_nobody_knows_is_looked_for_again(void **state)
{
	struct link *link;
	(void)state;

	fake_sentinel_say(&fake, "*-1\r\n");
	link = start_link(false);
	for (unsigned n = fake_sentinel_n_asked(&fake) + 3; fake_sentinel_n_asked(&fake) < n;)
		event_base_loop(base, EVLOOP_ONCE);
	assert_false(link_is_up(link));
	fake_sentinel_name(&fake, servers[0].port);
	turn_until(link, true, 1);
	link_free(link);
}

/* No event loop waits for DNS, so a name goes the same way. */
static void a_name_is_looked_up_for_a_link(void **state)
{
	char text[128];
	struct link *link;
	(void)state;

	redis_url_deinit(&url);
	snprintf(text, sizeof(text), "redis://localhost:%d", servers[0].port);
	assert_int_equal(redis_url_parse(&url, text), 0);
	link = start_link(false);
	turn_until(link, true, 1);
	link_free(link);
}

/* ---- clients ---- */

static int set(struct client *client)
{
	redisReply *reply = NULL;
	int r = client_command(client, &reply, 3, (const char *[]){ "SET", "x", "1" });

	if (reply)
		freeReplyObject(reply);
	return r;
}

static void a_client_follows_the_primary(void **state)
{
	struct client *client CLEANUP(client_freep) =
		client_new(&url, registry_scripts(&keys), 1000);
	(void)state;

	assert_int_equal(set(client), 0);
	make_replica(0);
	fake_sentinel_name(&fake, servers[1].port);
	assert_int_equal(set(client), CLIENT_E_AWAY);
	assert_non_null(strstr(client_error(client), "READONLY"));
	assert_int_equal(set(client), 0);
	assert_int_equal(url.place.host.port, servers[1].port);
}

/* The first lives on, and takes itself for the primary. */
static void a_client_hears_what_a_link_has_found(void **state)
{
	struct client *client CLEANUP(client_freep) =
		client_new(&url, registry_scripts(&keys), 1000);
	struct link *link;
	(void)state;

	assert_int_equal(set(client), 0);
	link = start_link(false);
	turn_until(link, true, 1);
	fake_sentinel_name(&fake, servers[1].port);
	turn_until(link, true, 2);
	make_replica(0); /* now it would refuse */
	assert_int_equal(set(client), 0);
	link_free(link);
}

static void a_client_says_why_there_is_no_primary(void **state)
{
	struct client *client CLEANUP(client_freep) =
		client_new(&url, registry_scripts(&keys), 1000);
	(void)state;

	make_replica(0);
	assert_int_equal(set(client), CLIENT_E_AWAY);
	assert_non_null(strstr(client_error(client), "not the primary"));
	fake_sentinel_say(&fake, "*2\r\n$12\r\nno such host\r\n$4\r\n6379\r\n");
	assert_int_equal(set(client), CLIENT_E_AWAY);
	assert_non_null(strstr(client_error(client), "\"no such host\""));
	fake_sentinel_say(&fake, "*-1\r\n");
	assert_int_equal(set(client), CLIENT_E_AWAY);
	assert_non_null(strstr(client_error(client), "knows no master named \"m\""));
}

/* What was once said by a sentinel is not believed when none answers any more. */
static void a_client_does_not_go_to_where_it_once_was(void **state)
{
	struct client *client CLEANUP(client_freep) =
		client_new(&url, registry_scripts(&keys), 1000);
	(void)state;

	assert_int_equal(set(client), 0);
	make_replica(0);
	fake_sentinel_say(&fake, "-ERR no\r\n");
	assert_int_equal(set(client), CLIENT_E_AWAY);
	make_primary(0);
	assert_int_equal(set(client), CLIENT_E_AWAY);
	fake_sentinel_name(&fake, servers[0].port);
	assert_int_equal(set(client), 0);
}

static void a_name_that_is_lost_is_where_it_was(void **state)
{
	char text[128], why[REDIS_WHY_STRLEN];
	struct redis_place place;
	(void)state;

	redis_url_deinit(&url);
	snprintf(text, sizeof(text), "redis://localhost:%d", servers[0].port);
	assert_int_equal(redis_url_parse(&url, text), 0);
	assert_int_equal(finder_find(&url, &place, why), 0);
	assert_string_equal(place.address, "127.0.0.1"); /* IPv4 first */
	strcpy(url.hosts[0].name, "no such host");
	assert_int_equal(finder_find(&url, &place, why), 0);
	assert_string_equal(place.address, "127.0.0.1");
	redis_url_deinit(&url);
	assert_int_equal(redis_url_parse(&url, "redis://no such host"), 0);
	assert_int_equal(finder_find(&url, &place, why), FINDER_E_UNKNOWN);
	assert_non_null(strstr(why, "\"no such host\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_follow_the_primary),
		TEST(a_link_does_not_stay_with_a_replica),
		TEST(readonly_means_another_connection),
		TEST(a_link_may_go_while_it_is_being_found),
		TEST(a_mute_sentinel_holds_up_no_loop),
		TEST(a_primary_that_nobody_knows_is_looked_for_again),
		TEST(a_name_is_looked_up_for_a_link),
		TEST(a_client_follows_the_primary),
		TEST(a_client_hears_what_a_link_has_found),
		TEST(a_client_says_why_there_is_no_primary),
		TEST(a_client_does_not_go_to_where_it_once_was),
		TEST(a_name_that_is_lost_is_where_it_was),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
