#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/keys.h"

static void keys_carry_the_pool_as_hash_tag(void **state)
{
	struct registry_keys keys;
	(void)state;

	assert_int_equal(registry_keys_init(&keys, "default"), 0);
	assert_string_equal(keys.names[KEY_EPOCH], "weir:{default}:epoch");
	assert_string_equal(keys.names[KEY_HOT], "weir:{default}:hot");
	assert_string_equal(keys.names[KEY_DELIVERED_PACKETS], "weir:{default}:delivered_packets");
	assert_string_equal(keys.names[KEY_DEAD], "weir:{default}:dead");
}

static void no_two_keys_share_a_name(void **state)
{
	struct registry_keys keys;
	(void)state;

	assert_int_equal(registry_keys_init(&keys, "p"), 0);
	for (int i = 0; i < REGISTRY_KEYS; i++) {
		assert_memory_equal(keys.names[i], "weir:{p}:", 9);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(keys.names[i], keys.names[j]);
	}
}

static void the_longest_pool_fits(void **state)
{
	char pool[POOL_NAME_MAX + 2];
	struct registry_keys keys;
	(void)state;

	memset(pool, 'x', sizeof(pool));
	pool[POOL_NAME_MAX] = '\0';
	assert_int_equal(registry_keys_init(&keys, pool), 0);
	assert_string_equal(strchr(keys.names[KEY_DELIVERED_PACKETS], '}'), "}:delivered_packets");
	pool[POOL_NAME_MAX] = 'x';
	pool[POOL_NAME_MAX + 1] = '\0';
	assert_int_equal(registry_keys_init(&keys, pool), KEYS_E_POOL);
}

static void a_pool_cannot_break_the_tag(void **state)
{
	static const char *const bad[] = { "", "a}b", "{", "a b", "a:b", "a\n", "\xc3\xa9" };
	struct registry_keys keys;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(registry_keys_init(&keys, bad[i]), KEYS_E_POOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_carry_the_pool_as_hash_tag),
		cmocka_unit_test(no_two_keys_share_a_name),
		cmocka_unit_test(the_longest_pool_fits),
		cmocka_unit_test(a_pool_cannot_break_the_tag),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
