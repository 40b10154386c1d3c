/* Which agents a node refuses, over its workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/control/node_refusals.h"

#define N_WORKERS 3

static struct refused tables[N_WORKERS];
static struct node_config config = { .workers = N_WORKERS };
static struct node_shared shared = { .config = &config };

static int setup(void **state)
{
	(void)state;
	memset(tables, 0, sizeof(tables));
	for (unsigned i = 0; i < N_WORKERS; i++)
		shared.refused[i] = &tables[i];
	return 0;
}

static void note(unsigned worker, const char *path, uint64_t now_us)
{
	struct net_addr addr;

	assert_int_equal(net_addr_parse(&addr, "10.0.0.7:4711"), 0);
	refused_note(&tables[worker], &(struct refused_who){ &addr, NULL, HTTP_POST },
		     (struct http_slice){ path, strlen(path) }, REFUSAL_NOT_FOUND, now_us);
}

static double number(const cJSON *entry, const char *name)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, name));
}

static void equal_ones_of_workers_are_one(void **state)
{
	cJSON *list, *first;

	(void)state;
	note(0, "/a", 1000);
	note(1, "/b", 1000);
	note(2, "/a", 3000);
	note(2, "/a", 4000);
	list = node_refusals_json(&shared, 6000);
	assert_int_equal(cJSON_GetArraySize(list), 2);
	first = cJSON_GetArrayItem(list, 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(first, "path")), "/a");
	assert_true(number(first, "count") == 3);
	assert_true(number(first, "age_ms") == 2);
	cJSON_Delete(list);
}

/* With an entry for each worker, a third of them would be told. */
static void many_are_told_with_several_workers(void **state)
{
	char path[16];
	cJSON *list;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		for (unsigned worker = 0; worker < N_WORKERS; worker++)
			note(worker, path, 1);
	}
	list = node_refusals_json(&shared, 1);
	assert_int_equal(cJSON_GetArraySize(list), 20);
	cJSON_Delete(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(equal_ones_of_workers_are_one, setup),
		cmocka_unit_test_setup(many_are_told_with_several_workers, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/control/node_refusals", tests, NULL, NULL);
}
