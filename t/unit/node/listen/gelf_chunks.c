#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/listen/gelf_chunks.h"

#define MEMORY_BYTES (1 << 20)

static struct {
	struct memory_pool pool;
	struct memory memory;
	struct gelf_chunks chunks;
	struct net_addr peer, other;
	struct gelf_whole whole;
} it;

static int setup(void **state)
{
	(void)state;
	memset(&it, 0, sizeof(it));
	atomic_store(&it.pool.left_bytes, MEMORY_BYTES);
	memory_init(&it.memory, &it.pool);
	gelf_chunks_init(&it.chunks, &it.memory, 1000, 2000);
	assert_int_equal(net_addr_numeric(&it.peer, "10.0.0.1", 5), 0);
	assert_int_equal(net_addr_numeric(&it.other, "10.0.0.2", 5), 0);
	return 0;
}

/* Nothing that was charged is left. */
static int teardown(void **state)
{
	(void)state;
	if (it.whole.data)
		gelf_whole_free(&it.chunks, &it.whole);
	gelf_chunks_deinit(&it.chunks);
	assert_int_equal(it.memory.used_bytes, 0);
	return 0;
}

static enum gelf_chunk_result add(const struct net_addr *peer, char id, unsigned number,
				  unsigned n_chunks, const char *data, size_t len, uint64_t now_us)
{
	char bytes[2048] = { 0x1e, 0x0f, id, 0, 0, 0, 0, 0, 0, 0, (char)number, (char)n_chunks };

	memcpy(bytes + 12, data, len);
	assert_true(gelf_chunk_is_one(bytes, 12 + len));
	return gelf_chunks_add(&it.chunks, peer, bytes, 12 + len, now_us, &it.whole);
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(add(&it.peer, 'a', 2, 3, "ef", 2, 1), GELF_CHUNK_KEPT);
	assert_int_equal(add(&it.peer, 'a', 0, 3, "ab", 2, 2), GELF_CHUNK_KEPT);
	assert_int_equal(add(&it.peer, 'a', 0, 3, "xx", 2, 2), GELF_CHUNK_KEPT);
	assert_int_equal(add(&it.other, 'a', 1, 3, "zz", 2, 2), GELF_CHUNK_KEPT);
	assert_int_equal(add(&it.peer, 'a', 1, 3, "cd", 2, 3), GELF_CHUNK_WHOLE);
	assert_int_equal(it.whole.len, 6);
	assert_memory_equal(it.whole.data, "abcdef", 6);
	assert_int_equal(it.chunks.n_messages, 1);
}

static void test_one(void **state)
{
	(void)state;
	assert_int_equal(add(&it.peer, 'a', 0, 1, "ab", 2, 1), GELF_CHUNK_WHOLE);
	assert_int_equal(it.whole.len, 2);
}

static void test_bad(void **state)
{
	(void)state;
	assert_int_equal(add(&it.peer, 'a', 0, 0, "ab", 2, 1), GELF_CHUNK_BAD);
	assert_int_equal(add(&it.peer, 'a', 2, 2, "ab", 2, 1), GELF_CHUNK_BAD);
	assert_int_equal(add(&it.peer, 'a', 0, 129, "ab", 2, 1), GELF_CHUNK_BAD);
	assert_int_equal(add(&it.peer, 'a', 0, 2, "", 0, 1), GELF_CHUNK_BAD);
	assert_int_equal(add(&it.peer, 'a', 0, 2, "ab", 2, 1), GELF_CHUNK_KEPT);
	assert_int_equal(add(&it.peer, 'a', 1, 3, "ab", 2, 1), GELF_CHUNK_BAD);
	assert_false(gelf_chunk_is_one("{}", 2));
	assert_false(gelf_chunk_is_one("\x1e", 1));
}

static void test_old(void **state)
{
	(void)state;
	assert_int_equal(add(&it.peer, 'a', 0, 2, "ab", 2, 1), GELF_CHUNK_KEPT);
	gelf_chunks_sweep(&it.chunks, GELF_CHUNK_US);
	assert_int_equal(it.chunks.n_given_up, 0);
	gelf_chunks_sweep(&it.chunks, GELF_CHUNK_US + 2);
	assert_int_equal(it.chunks.n_given_up, 1);
	assert_int_equal(add(&it.peer, 'a', 1, 2, "cd", 2, GELF_CHUNK_US + 3), GELF_CHUNK_KEPT);
}

static void test_large(void **state)
{
	static const char bytes[800];

	(void)state;
	assert_int_equal(add(&it.peer, 'a', 0, 3, bytes, 800, 1), GELF_CHUNK_KEPT);
	assert_int_equal(add(&it.peer, 'a', 1, 3, bytes, 201, 1), GELF_CHUNK_LONG);
	assert_int_equal(it.chunks.n_messages, 0);
	for (char id = 'a'; id < 'd'; id++)
		assert_int_equal(add(&it.peer, id, 0, 2, bytes, 800, 1), GELF_CHUNK_KEPT);
	assert_int_equal(it.chunks.n_given_up, 1); /* the oldest made room */
	assert_int_equal(add(&it.peer, 'b', 1, 2, "x", 1, 1), GELF_CHUNK_WHOLE);
}

static void test_many(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= GELF_MESSAGES_MOST; i++) {
		char bytes[16] = { 0x1e, 0x0f, (char)i, (char)(i >> 8) };

		bytes[11] = 2;
		assert_int_equal(gelf_chunks_add(&it.chunks, &it.peer, bytes, 13, 1, &it.whole),
				 GELF_CHUNK_KEPT);
	}
	assert_int_equal(it.chunks.n_messages, GELF_MESSAGES_MOST);
	assert_int_equal(it.chunks.n_given_up, 1);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(memory_take(&it.memory, MEMORY_BYTES));
	assert_int_equal(add(&it.peer, 'a', 0, 2, "ab", 2, 1), GELF_CHUNK_NO_ROOM);
	memory_give(&it.memory, MEMORY_BYTES);
}

#define TEST(title, fn)                                                                            \
	{                                                                                          \
		.name = title, .test_func = fn, .setup_func = setup, .teardown_func = teardown     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("chunks come in any order, and twice", test_order),
		TEST("a chunk may be all of it", test_one),
		TEST("what no chunk can look like is refused", test_bad),
		TEST("a message has five seconds", test_old),
		TEST("its length is bounded, and that of all", test_large),
		TEST("so is the number of messages", test_many),
		TEST("without memory there is no room", test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gelf_chunks", tests, NULL, NULL);
}
