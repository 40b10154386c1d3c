/* redis_state.[ch]: what answers of Redis say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "registry/redis/redis_state.h"

static void answers_name_the_state(void **state)
{
	static const struct {
		const char *answer;
		enum redis_state state;
	} cases[] = {
		{ "OOM command not allowed when used memory > 'maxmemory'.", REDIS_REFUSING_OOM },
		{ "READONLY You can't write against a read only replica.",
		  REDIS_REFUSING_READONLY },
		{ "MISCONF Redis is configured to save RDB snapshots", REDIS_MISCONF },
		{ "NOPERM User weir has no permissions to run the 'hset' command", REDIS_NOPERM },
		{ "NOAUTH Authentication required.", REDIS_NOPERM },
		{ "WRONGPASS invalid username-password pair", REDIS_NOPERM },
		{ "NOREPLICAS Not enough good replicas to write.", REDIS_NOREPLICAS },
		{ "LOADING Redis is loading the dataset in memory", REDIS_LOADING },
		{ "BUSY Redis is busy running a script.", REDIS_BUSY },
		{ "ERR Error running script: -OOM command not allowed", REDIS_REFUSING_OOM },
		{ "Connection refused", REDIS_AWAY },
		{ "no answer in time", REDIS_AWAY },
		{ "", REDIS_AWAY },
		/* words of a sentence are no code */
		{ "ERR the ROOM is small", REDIS_AWAY },
		{ "BUSYGROUP Consumer Group name already exists", REDIS_AWAY },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(redis_state_names[redis_state_of_error(cases[i].answer)],
				    redis_state_names[cases[i].state]);
}

static void only_some_states_take_writes(void **state)
{
	(void)state;

	for (unsigned i = 0; i < REDIS_STATES; i++)
		assert_int_equal(redis_state_takes_writes((enum redis_state)i),
				 i == REDIS_UP || i >= REDIS_SLOW);
}

static void each_state_has_words_of_its_own(void **state)
{
	(void)state;

	for (unsigned i = 0; i < REDIS_STATES; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(redis_state_words((enum redis_state)i),
						redis_state_words((enum redis_state)k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_name_the_state),
		cmocka_unit_test(only_some_states_take_writes),
		cmocka_unit_test(each_state_has_words_of_its_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/redis/redis_state", tests, NULL, NULL);
}
