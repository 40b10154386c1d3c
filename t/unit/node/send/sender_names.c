/*
 * Hosts that are names, as sender_plain looks them up. This program has a getaddrinfo of its own:
 * it knows the names of the table alone, and waits at a gate for one of them.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/send/lookup.h"
#include "t/unit/node/send/sending.h"

static const struct {
	const char *name;
	const char *addresses[2];
} known[] = {
	{ "one.test", { "127.0.0.1" } },
	{ "two.test", { "127.0.0.9", "127.0.0.1" } }, /* nobody listens at the first one */
	{ "both.test", { "::1", "127.0.0.1" } },
	{ "slow.test", { "127.0.0.1" } },
	{ "empty.test", { NULL } },
	{ "meta.test", { "169.254.169.254" } },
	{ "mixed.test", { "169.254.169.254", "127.0.0.1" } },
	{ "mapped.test", { "::ffff:169.254.169.254" } },
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* slow*.test waits for it */
static atomic_uint n_calls;                              /* for names */

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int find(const char *host)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, host) == 0)
			return (int)i;
	return -1;
}

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **list)
{
	getaddrinfo_fn *real = (getaddrinfo_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
	const struct addrinfo numeric = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo **endp = list;
	int at = find(host);

	if (hints->ai_flags & AI_NUMERICHOST)
		return real(host, port, hints, list);
	n_calls++;
	if (strncmp(host, "slow", 4) == 0) {
		pthread_mutex_lock(&gate);
		pthread_mutex_unlock(&gate);
	}
	*list = NULL;
	if (at < 0)
		return strcmp(host, "127.0.0.1") == 0 ? real(host, port, hints, list) : EAI_NONAME;
	for (size_t i = 0; i < 2 && known[at].addresses[i]; i++) {
		if (real(known[at].addresses[i], port, &numeric, endp) != 0)
			return EAI_FAIL;
		endp = &(*endp)->ai_next;
	}
	return 0;
}

static struct sending *prepare(struct sending_fixture *f, unsigned i, const char *host)
{
	static char urls[SENDING_MAX][400];

	snprintf(urls[i], sizeof(urls[i]), "http://%s:%u/in", host, net_addr_port(&f->peer.addr));
	n_calls -= i ? 0 : n_calls;
	return sending_prepare(f, i, urls[i]);
}

static struct sending *post(struct sending_fixture *f, unsigned i, const char *host)
{
	struct sending *s = prepare(f, i, host);

	assert_int_equal(sending_start(s), 0);
	return s;
}

/* The next one needs another connection. */
static void serve_once(struct sending_fixture *f, struct sending *s)
{
	sending_serve(f, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	sending_wait(s, TRANSFER_ANSWERED, 200);
	peer_close(&f->peer);
}

static void a_name_leads_to_its_address(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = post(f, 0, "one.test");
	char request[1024];

	peer_accept(&f->peer);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	assert_non_null(strstr(request, "\r\nHost: one.test:"));
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	assert_int_equal(n_calls, 1);
}

static void an_address_needs_no_lookup(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = post(f, 0, "127.0.0.1");

	sending_serve(f, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	assert_int_equal(n_calls, 0);
}

static void what_was_found_is_kept_for_a_while(void **state)
{
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < 3; i++)
		serve_once(f, post(f, i, "one.test"));
	assert_int_equal(n_calls, 1);
}

/* Those that came meanwhile wait for the one lookup; the loop does not. */
static void a_slow_lookup_holds_nobody_else_up(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *slow[2], *other;

	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < 2; i++)
		slow[i] = post(f, i, "slow.test");
	other = post(f, 2, "127.0.0.1");
	sending_serve(f, PEER_OK);
	sending_wait(other, TRANSFER_ANSWERED, 202);
	assert_int_equal(slow[0]->n_done + slow[1]->n_done, 0);
	pthread_mutex_unlock(&gate);
	for (unsigned i = 0; i < 2; i++) {
		peer_accept(&f->peer);
		sending_serve(f,
			      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
		PEER_TURN_UNTIL(f->base, slow[0]->n_done + slow[1]->n_done == i + 1);
	}
	assert_int_equal(slow[0]->transfer.status + slow[1]->transfer.status, 400);
	assert_int_equal(n_calls, 1);
}

static void a_name_that_is_not_known_is_no_connection(void **state)
{
	static const char *const hosts[] = { "none.test", "empty.test" };
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		struct sending *s = post(f, i, hosts[i]);

		sending_wait(s, TRANSFER_CONNECT, 0);
		assert_ptr_equal(strstr(s->error, "cannot resolve "), s->error);
		assert_non_null(strstr(s->error, hosts[i]));
	}
}

/* So that a name that is not known costs no thread for each try. */
static void that_it_is_not_known_is_kept_for_a_while(void **state)
{
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < SENDING_MAX; i++)
		sending_wait(post(f, i, "none.test"), TRANSFER_CONNECT, 0);
	assert_int_equal(n_calls, 1);
}

/* on_done starts the next at once, which fails at once too: the loop goes on between them. */
static void failing_at_once_does_not_hold_the_loop(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *first = prepare(f, 0, "none.test"), *second = prepare(f, 1, "none.test");

	first->then = second;
	second->then = first;
	assert_int_equal(sending_start(first), 0);
	PEER_TURN_UNTIL(f->base, second->n_done > 3);
	first->then = second->then = NULL;
	PEER_TURN_UNTIL(f->base,
			first->n_done == second->n_done || first->n_done == second->n_done + 1);
}

static void a_lookup_that_takes_too_long_is_no_connection(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = prepare(f, 0, "slow.test");

	s->transfer.connect_ms = 100;
	pthread_mutex_lock(&gate);
	assert_int_equal(sending_start(s), 0);
	sending_wait(s, TRANSFER_CONNECT, 0);
	assert_string_equal(s->error, "cannot resolve slow.test in time");
	pthread_mutex_unlock(&gate);
	assert_false(peer_is_called(&f->peer));
}

static void ignore(struct lookup *l)
{
	(void)l;
}

/* It is not told that it has no address, which would count against its analyzer. */
static void behind_many_slow_ones_a_name_waits_for_its_turn(void **state)
{
	static struct lookup slow[LOOKUP_THREADS];
	struct sending_fixture *f = *state;
	unsigned n_done_before;
	struct sending *s;
	char host[32];

	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < LOOKUP_THREADS; i++) {
		slow[i].on_done = ignore;
		snprintf(host, sizeof(host), "slow%u.test", i);
		assert_int_equal(lookup_start(&slow[i], f->base, host, 1), 0);
	}
	s = post(f, 1, "one.test");
	peer_turn(f->base);
	n_done_before = s->n_done;
	pthread_mutex_unlock(&gate);
	assert_int_equal(n_done_before, 0);
	sending_serve(f, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	for (unsigned i = 0; i < LOOKUP_THREADS; i++)
		lookup_cancel(&slow[i]);
}

static void an_end_within_a_lookup_is_fine(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s;

	pthread_mutex_lock(&gate);
	s = post(f, 0, "slow.test");
	peer_turn(f->base);
	sending_end(f);
	sending_wait(s, TRANSFER_BROKEN, 0);
	pthread_mutex_unlock(&gate);
}

static void the_addresses_of_a_name_are_tried_in_turn(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = post(f, 0, "two.test");

	sending_serve(f, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	sending_wait(s, TRANSFER_ANSWERED, 200);
	peer_close(&f->peer);
	peer_refuse(&f->peer);
	sending_wait(post(f, 1, "two.test"), TRANSFER_CONNECT, 0);
}

static void ipv4_is_tried_first(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = post(f, 0, "both.test");

	sending_serve(f, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
	struct sending_fixture *f = *state;
	char url[NET_ADDR_STRLEN + 16], request[1024];
	struct sending *s;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool has_ipv6 = fd >= 0 && bind(fd, (void *)&loopback, sizeof(loopback)) == 0;

	if (fd >= 0)
		close(fd);
	if (!has_ipv6)
		skip();
	peer_deinit(&f->peer);
	peer_init(&f->peer, f->base, "[::1]:0");
	snprintf(url, sizeof(url), "%s", f->peer.url);
	s = sending_prepare(f, 0, url);
	assert_int_equal(sending_start(s), 0);
	peer_accept(&f->peer);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	assert_non_null(strstr(request, "\r\nHost: [::1]:"));
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
}

static void what_is_no_url_is_no_connection(void **state)
{
	static const char *const urls[] = { "http://",      "http://:80/",     "http://h:0/",
					    "http://h/a b", "http://h/\r\nX:", "http://u@h/",
					    "http://[1]/" };
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(urls); i++) {
		struct sending *s = sending_prepare(f, i, urls[i]);

		assert_int_equal(sending_start(s), 0);
		sending_wait(s, TRANSFER_CONNECT, 0);
		assert_string_equal(s->error, "not an http:// URL");
	}
}

static struct net_allow *list_of(const char *entry)
{
	struct net_allow *allow = NULL;
	const char *bad, *why;

	assert_int_equal(net_allow_new(&entry, 1, &allow, &bad, &why), 0);
	return allow;
}

/* The same, with a list. */
static struct net_allow *allow(struct sending_fixture *f, const char *entry)
{
	struct net_allow *allow = list_of(entry);

	sender_plain_free(f->plain);
	f->plain = sender_plain_new(f->base, allow, NULL);
	return allow;
}

static void a_name_leads_to_no_address_that_is_not_allowed(void **state)
{
	static const char *const hosts[] = { "meta.test", "mapped.test", "169.254.169.254",
					     "2852039166", "[::ffff:a9fe:a9fe]" };
	struct sending_fixture *f = *state;
	struct net_allow *list = allow(f, "127.0.0.0/8");

	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		struct sending *s = post(f, i, hosts[i]);

		sending_wait(s, TRANSFER_CONNECT, 0);
		assert_non_null(strstr(s->error, "analyzer-allow keeps it from"));
		assert_non_null(strstr(s->error, "169.254.169.254"));
	}
	sending_end(f);
	net_allow_free(list);
}

static void a_pattern_opens_the_name_but_not_metadata(void **state)
{
	struct sending_fixture *f = *state;
	struct net_allow *list = allow(f, "*.test");
	struct sending *s = post(f, 0, "meta.test");

	sending_wait(s, TRANSFER_CONNECT, 0);
	s = post(f, 1, "one.test");
	sending_serve(f, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	sending_end(f);
	net_allow_free(list);
}

static void of_several_addresses_those_allowed_are_taken(void **state)
{
	struct sending_fixture *f = *state;
	struct net_allow *list = allow(f, "127.0.0.1");
	struct sending *s = post(f, 0, "mixed.test");

	sending_serve(f, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	sending_end(f);
	net_allow_free(list);
}

/* A node reads its list again at SIGHUP: to more, */
static void an_address_that_is_allowed_by_now_is_connected_to(void **state)
{
	struct sending_fixture *f = *state;
	struct net_allow *list = allow(f, "10.0.0.0/8");

	sending_wait(post(f, 0, "127.0.0.1"), TRANSFER_CONNECT, 0);
	net_allow_replace(list, list_of("127.0.0.0/8"));
	serve_once(f, post(f, 1, "127.0.0.1"));
	sending_end(f);
	net_allow_free(list);
}

/* or to less. */
static void an_address_that_is_not_allowed_any_more_is_not(void **state)
{
	struct sending_fixture *f = *state;
	struct net_allow *list = allow(f, "127.0.0.0/8");
	struct sending *s = post(f, 0, "127.0.0.1");

	serve_once(f, s);
	net_allow_replace(list, list_of("10.0.0.0/8"));
	s = post(f, 1, "127.0.0.1");
	sending_wait(s, TRANSFER_CONNECT, 0);
	assert_non_null(strstr(s->error, "analyzer-allow keeps it from"));
	sending_end(f);
	net_allow_free(list);
}

/* Nor where a connection stands, and is closed just as it is used. */
static void what_meets_a_close_is_not_sent_again_to_such_an_address(void **state)
{
	struct sending_fixture *f = *state;
	struct net_allow *list = allow(f, "127.0.0.0/8");
	struct sending *s = post(f, 0, "127.0.0.1");

	sending_serve(f, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	net_allow_replace(list, list_of("10.0.0.0/8"));
	s = post(f, 1, "127.0.0.1");
	peer_close(&f->peer);
	sending_wait(s, TRANSFER_BROKEN, 0);
	assert_true(s->transfer.was_resent);
	sending_end(f);
	net_allow_free(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sending_setup_plain, sending_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_leads_to_its_address),
		TEST(an_address_needs_no_lookup),
		TEST(what_was_found_is_kept_for_a_while),
		TEST(a_slow_lookup_holds_nobody_else_up),
		TEST(a_name_that_is_not_known_is_no_connection),
		TEST(that_it_is_not_known_is_kept_for_a_while),
		TEST(failing_at_once_does_not_hold_the_loop),
		TEST(a_lookup_that_takes_too_long_is_no_connection),
		TEST(behind_many_slow_ones_a_name_waits_for_its_turn),
		TEST(an_end_within_a_lookup_is_fine),
		TEST(the_addresses_of_a_name_are_tried_in_turn),
		TEST(ipv4_is_tried_first),
		TEST(an_ipv6_address_stands_in_brackets),
		TEST(what_is_no_url_is_no_connection),
		TEST(a_name_leads_to_no_address_that_is_not_allowed),
		TEST(a_pattern_opens_the_name_but_not_metadata),
		TEST(of_several_addresses_those_allowed_are_taken),
		TEST(an_address_that_is_allowed_by_now_is_connected_to),
		TEST(an_address_that_is_not_allowed_any_more_is_not),
		TEST(what_meets_a_close_is_not_sent_again_to_such_an_address),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/sender_names", tests, NULL, NULL);
}
