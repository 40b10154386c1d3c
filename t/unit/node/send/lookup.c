/* Names that are looked up at the same time. This program has a getaddrinfo of its own, where names of "dead" wait. */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/send/lookup.h"
#include "t/unit/peer.h"

#define MANY (3 * LOOKUP_THREADS)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned n_let_go; /* of those that wait, as many may go on */
static atomic_uint n_calls, n_waiting;

static struct event_base *base;
static struct lookup all[MANY + 1];
static unsigned n_done;
static unsigned n_tests; /* a name of the one before may still be under way */

static void wait_at_gate(void)
{
	pthread_mutex_lock(&lock);
	n_waiting++;
	while (n_let_go == 0)
		pthread_cond_wait(&changed, &lock);
	n_let_go--;
	n_waiting--;
	pthread_mutex_unlock(&lock);
}

static void let_go(unsigned n)
{
	pthread_mutex_lock(&lock);
	n_let_go += n;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **list)
{
	getaddrinfo_fn *real = (getaddrinfo_fn *)dlsym(RTLD_NEXT, "getaddrinfo");

	n_calls++;
	if (strncmp(host, "dead", 4) != 0)
		return real("127.0.0.1", port, hints, list);
	wait_at_gate();
	return EAI_AGAIN;
}

static void on_done(struct lookup *l)
{
	(void)l;
	n_done++;
}

static struct lookup *start(unsigned i, const char *host)
{
	all[i] = (struct lookup){ .on_done = on_done };
	assert_int_equal(lookup_start(&all[i], base, host, (uint16_t)(1000 + i)), 0);
	return &all[i];
}

static void start_dead(unsigned i)
{
	char host[32];

	snprintf(host, sizeof(host), "dead%u.%u.test", n_tests, i);
	start(i, host);
}

static int set_up(void **state)
{
	(void)state;
	base = event_base_new();
	n_tests++;
	n_done = 0;
	n_calls = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= MANY; i++)
		lookup_cancel(&all[i]);
	while (n_waiting)
		let_go(n_waiting);
	pthread_mutex_lock(&lock);
	n_let_go = 0;
	pthread_mutex_unlock(&lock);
	event_base_free(base);
	return 0;
}

static void assert_found(const struct lookup *l, uint16_t port)
{
	assert_null(l->error);
	assert_int_equal(l->n_addrs, 1);
	assert_int_equal(net_addr_port(&l->addrs[0]), port);
}

static void one_name_is_looked_up_once_for_all(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		start(i, "dead.test");
	start(MANY, "good.test");
	PEER_TURN_UNTIL(base, n_done == 1 && n_waiting == 1);
	assert_found(&all[MANY], 1000 + MANY);
	assert_int_equal(n_calls, 2);
	let_go(1);
	PEER_TURN_UNTIL(base, n_done == MANY + 1);
	assert_non_null(all[0].error);
	assert_ptr_equal(all[0].error, all[MANY - 1].error);
}

static void each_gets_its_own_port(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		start(i, "good.test");
	PEER_TURN_UNTIL(base, n_done == 3);
	for (unsigned i = 0; i < 3; i++)
		assert_found(&all[i], (uint16_t)(1000 + i));
}

static void more_names_than_threads_wait_for_their_turn(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOOKUP_THREADS; i++)
		start_dead(i);
	PEER_TURN_UNTIL(base, n_waiting == LOOKUP_THREADS);
	start(MANY, "good.test");
	for (unsigned i = 0; i < 10; i++)
		peer_turn(base);
	assert_int_equal(n_done, 0);
	let_go(1);
	PEER_TURN_UNTIL(base, n_done == 2);
	assert_found(&all[MANY], 1000 + MANY);
}

static void who_stops_waiting_is_not_looked_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOOKUP_THREADS + 2; i++)
		start_dead(i);
	PEER_TURN_UNTIL(base, n_waiting == LOOKUP_THREADS);
	lookup_cancel(&all[LOOKUP_THREADS]);
	lookup_cancel(&all[LOOKUP_THREADS + 1]);
	start(MANY, "good.test");
	let_go(1);
	PEER_TURN_UNTIL(base, n_done == 2);
	assert_int_equal(n_calls, LOOKUP_THREADS + 1);
}

/* The name may have got other addresses. */
static void a_name_is_looked_up_anew_each_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		start(i, "good.test");
		PEER_TURN_UNTIL(base, n_done == i + 1);
	}
	assert_int_equal(n_calls, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_name_is_looked_up_once_for_all),
		TEST(each_gets_its_own_port),
		TEST(more_names_than_threads_wait_for_their_turn),
		TEST(who_stops_waiting_is_not_looked_up),
		TEST(a_name_is_looked_up_anew_each_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/lookup", tests, NULL, NULL);
}
