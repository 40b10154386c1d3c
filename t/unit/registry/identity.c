/* Who a process is, and whether another one still lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "registry/identity.h"

static void what_is_written_is_read_again(void **state)
{
	struct identity me, read;
	cJSON *json = cJSON_CreateObject();
	char *text;

	(void)state;
	identity_init(&me, "127.0.0.1:8080");
	identity_write(&me, json);
	text = cJSON_PrintUnformatted(json);
	assert_true(identity_read(&read, text));
	assert_memory_equal(&me, &read, sizeof(me));
	free(text);
	cJSON_Delete(json);
}

static void what_is_no_identity_is_not_read(void **state)
{
	static const char *const texts[] = { "", "{}", "[]", "{\"host\":1,\"pid\":\"x\"}",
					     "{\"host\":\"h\",\"pid\":-1}" };
	struct identity read;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(identity_read(&read, texts[i]));
}

static void this_process_lives(void **state)
{
	struct identity me;

	(void)state;
	identity_init(&me, "");
	assert_int_equal(identity_judge(&me, &me), IDENTITY_LIVES);
}

static void one_that_ended_on_this_machine_is_known_to_have_ended(void **state)
{
	struct identity me, other;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	identity_init(&me, "");
	other = me;
	other.pid = pid;
	other.started++;
	assert_int_equal(identity_judge(&me, &other), IDENTITY_ENDED);
}

static void another_process_with_its_pid_is_not_it(void **state)
{
	struct identity me, other;

	(void)state;
	identity_init(&me, "");
	other = me;
	other.started += 100;
	assert_int_equal(identity_judge(&me, &other), IDENTITY_ENDED);
}

static void of_other_machines_and_containers_nothing_is_known(void **state)
{
	struct identity me, other;

	(void)state;
	identity_init(&me, "");
	other = me;
	strcpy(other.host, "elsewhere.example");
	assert_int_equal(identity_judge(&me, &other), IDENTITY_UNKNOWN);
	other = me;
	strcpy(other.pids, "pid:[1]");
	assert_int_equal(identity_judge(&me, &other), IDENTITY_UNKNOWN);
	other = me;
	strcpy(other.boot, "another");
	assert_int_equal(identity_judge(&me, &other), IDENTITY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(what_is_no_identity_is_not_read),
		cmocka_unit_test(this_process_lives),
		cmocka_unit_test(one_that_ended_on_this_machine_is_known_to_have_ended),
		cmocka_unit_test(another_process_with_its_pid_is_not_it),
		cmocka_unit_test(of_other_machines_and_containers_nothing_is_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
