#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/packet/json_count.h"
#include "node/packet/packet.h"

DEFINE_CLEANUP(struct packet, packet_free)

static void append(struct packet **pp, const char *bytes, size_t len, size_t max_bytes)
{
	assert_int_equal(packet_reserve(pp, len, max_bytes), 0);
	memcpy((*pp)->body + (*pp)->len, bytes, len);
	(*pp)->len += len;
}

static void a_new_packet_is_nowhere_and_empty(void **state)
{
	struct packet *p CLEANUP(packet_freep) = packet_new(100);
	(void)state;

	assert_int_equal(p->len, 0);
	assert_int_equal(p->capacity, 100);
	assert_int_equal(p->slot, SLOT_NONE);
	assert_null(p->exchange);
	assert_false(packet_was_tried(p, 0));
}

static void a_claimed_length_alone_costs_nothing(void **state)
{
	struct packet *p CLEANUP(packet_freep) = packet_new(SIZE_MAX);
	(void)state;

	assert_non_null(p);
	assert_int_equal(p->capacity, PACKET_FIRST_BYTES);
}

static void a_body_grows_and_keeps_its_bytes(void **state)
{
	struct packet *p CLEANUP(packet_freep) = packet_new(0);
	char piece[1000];
	(void)state;

	for (int i = 0; i < 200; i++) {
		memset(piece, i, sizeof(piece));
		append(&p, piece, sizeof(piece), 200000);
		memset(p->body + p->len, 0, json_count_padding);
	}
	assert_int_equal(p->len, 200000);
	assert_true(p->capacity <= 200000);
	for (int i = 0; i < 200000; i++)
		assert_int_equal((unsigned char)p->body[i], i / 1000);
}

static void it_never_grows_beyond_the_limit(void **state)
{
	struct packet *p CLEANUP(packet_freep) = packet_new(10);
	(void)state;

	append(&p, "0123456789", 10, 12);
	append(&p, "ab", 2, 12);
	assert_int_equal(packet_reserve(&p, 1, 12), -EMSGSIZE);
	assert_int_equal(packet_reserve(&p, SIZE_MAX, 12), -EMSGSIZE);
	assert_int_equal(p->capacity, 12);
	assert_memory_equal(p->body, "0123456789ab", 12);
}

static void its_id_has_no_escapes(void **state)
{
	static const char *const bodies[][2] = {
		{ "{\"id\":\"web\\/17\"}", "web/17" },
		{ "{\"id\":\"caf\\u00e9\"}", "caf\xc3\xa9" },
		{ "{\"id\":\"web-17\"}", "web-17" },
		{ "{\"a\":1}", "" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct packet *p CLEANUP(packet_freep) = packet_new(0);
		struct json_slice id;

		append(&p, bodies[i][0], strlen(bodies[i][0]), 1000);
		for (int twice = 0; twice < 2; twice++) {
			id = packet_id(p);
			assert_int_equal(id.len, strlen(bodies[i][1]));
			assert_memory_equal(id.len ? id.data : "", bodies[i][1], id.len);
		}
	}
}

static void it_remembers_where_it_was_tried(void **state)
{
	static const unsigned slots[] = { 0, 63, 64, ROSTER_MAX_SLOTS - 1 };
	struct packet *p CLEANUP(packet_freep) = packet_new(1);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		assert_int_equal(packet_mark_tried(p, slots[i]), 0);
	for (unsigned slot = 0, next = 0; slot < ROSTER_MAX_SLOTS; slot++) {
		bool was_tried = slot == slots[next];

		assert_int_equal(packet_was_tried(p, slot), was_tried);
		next += was_tried;
	}
}

static void a_queue_is_first_in_first_out_and_counts(void **state)
{
	struct packet_queue q;
	struct packet *packets[5];
	(void)state;

	packet_queue_init(&q);
	assert_null(packet_queue_pop(&q));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5; i++) {
			packets[i] = packet_new(10);
			packets[i]->len = i;
			packet_queue_push(&q, packets[i]);
		}
		assert_int_equal(q.n_packets, 5);
		assert_int_equal(q.n_bytes, 10);
		for (int i = 0; i < 5; i++) {
			assert_ptr_equal(packet_queue_pop(&q), packets[i]);
			assert_null(packets[i]->next);
			packet_free(packets[i]);
		}
		assert_null(packet_queue_pop(&q));
		assert_int_equal(q.n_packets + q.n_bytes, 0);
	}
}

#define MIB (1u << 20)

/* Everything has been given back. */
static void assert_unused(const struct memory *m, const struct memory_pool *pool, int64_t bytes)
{
	assert_int_equal(m->used_bytes, 0);
	assert_int_equal(m->slack_bytes + pool->left_bytes, bytes);
}

static void a_packet_is_charged_as_long_as_it_lives(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, PACKET_FIRST_BYTES, 10 * PACKET_FIRST_BYTES };
	struct memory_pool pool = { 8 * MIB };
	struct memory m;
	(void)state;

	memory_init(&m, &pool);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct packet *p = packet_new_within(&m, sizes[i]);

		assert_int_equal(m.used_bytes, packet_cost(p->capacity));
		assert_true(m.used_bytes >= sizeof(*p) + p->capacity);
		packet_free_within(&m, p);
		assert_unused(&m, &pool, 8 * MIB);
	}
	packet_free_within(&m, NULL);
	assert_unused(&m, &pool, 8 * MIB);
}

static void what_it_grows_by_is_charged_too(void **state)
{
	struct memory_pool pool = { 8 * MIB };
	struct packet *p;
	struct memory m;
	(void)state;

	memory_init(&m, &pool);
	p = packet_new_within(&m, 10);
	for (size_t len = 0; len < MIB; len += 5000) {
		assert_int_equal(packet_reserve_within(&m, &p, 5000, 2 * MIB), 0);
		p->len += 5000;
		assert_int_equal(m.used_bytes, packet_cost(p->capacity));
	}
	assert_int_equal(packet_reserve_within(&m, &p, 2 * MIB, 2 * MIB), -EMSGSIZE);
	assert_int_equal(m.used_bytes, packet_cost(p->capacity));
	packet_free_within(&m, p);
	assert_unused(&m, &pool, 8 * MIB);
}

static void none_is_made_where_memory_is_used_up(void **state)
{
	struct memory_pool pool = { packet_cost(1000) - 1 };
	struct memory m;
	(void)state;

	memory_init(&m, &pool);
	assert_null(packet_new_within(&m, 1000));
	assert_unused(&m, &pool, packet_cost(1000) - 1);
	for (int i = 0; i < 3; i++) {
		struct packet *p = packet_new_within(&m, 999);

		assert_non_null(p);
		assert_null(packet_new_within(&m, 0));
		packet_free_within(&m, p);
	}
	assert_unused(&m, &pool, packet_cost(1000) - 1);
}

static void one_that_may_not_grow_is_as_it_was(void **state)
{
	struct memory_pool pool = { packet_cost(3000) };
	struct packet *p;
	struct memory m;
	(void)state;

	memory_init(&m, &pool);
	p = packet_new_within(&m, 2000);
	memset(p->body, 'x', 2000);
	p->len = 2000;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(packet_reserve_within(&m, &p, 2000, MIB), -ENOMEM);
		assert_int_equal(p->capacity, 2000);
		assert_int_equal(m.used_bytes, packet_cost(2000));
	}
	assert_int_equal(p->len, 2000);
	assert_int_equal(p->body[1999], 'x');
	assert_int_equal(packet_reserve_within(&m, &p, 1000, 3000), 0);
	assert_int_equal(p->capacity, 3000);
	packet_free_within(&m, p);
	assert_unused(&m, &pool, packet_cost(3000));
}

static void assert_same_way(const char *a_via, const char *b_via, bool expected)
{
	struct packet *a CLEANUP(packet_freep) = packet_new(0);
	struct packet *b CLEANUP(packet_freep) = packet_new(0);

	packet_give_via(a, a_via ? strdup(a_via) : NULL);
	packet_give_via(b, b_via ? strdup(b_via) : NULL);
	assert_int_equal(packet_came_same_way(a, b), expected);
	assert_int_equal(packet_came_same_way(b, a), expected);
}

static void packets_that_have_been_in_the_same_pools_came_the_same_way(void **state)
{
	struct packet *a CLEANUP(packet_freep) = packet_new(0);
	struct packet *b CLEANUP(packet_freep) = packet_new(0);
	(void)state;

	assert_same_way(NULL, NULL, true);
	assert_same_way("edge/1", NULL, false);
	assert_same_way("edge/1, mid/2", "edge/1, mid/2", true);
	assert_same_way("edge/1, mid/2", "edge/1, mid/3", false);
	assert_same_way("edge/1", "edge/1, mid/2", false);
	a->n_hops = 1; /* of pools that said no name */
	assert_false(packet_came_same_way(a, b));
	packet_give_via(b, strdup("edge/1"));
	assert_false(packet_came_same_way(a, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_packet_is_nowhere_and_empty),
		cmocka_unit_test(a_claimed_length_alone_costs_nothing),
		cmocka_unit_test(a_body_grows_and_keeps_its_bytes),
		cmocka_unit_test(it_never_grows_beyond_the_limit),
		cmocka_unit_test(its_id_has_no_escapes),
		cmocka_unit_test(it_remembers_where_it_was_tried),
		cmocka_unit_test(a_packet_is_charged_as_long_as_it_lives),
		cmocka_unit_test(what_it_grows_by_is_charged_too),
		cmocka_unit_test(none_is_made_where_memory_is_used_up),
		cmocka_unit_test(one_that_may_not_grow_is_as_it_was),
		cmocka_unit_test(a_queue_is_first_in_first_out_and_counts),
		cmocka_unit_test(packets_that_have_been_in_the_same_pools_came_the_same_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/packet", tests, NULL, NULL);
}
