#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/control/stats_json.h"

static void every_figure_has_its_name(void **state UNUSED)
{
	const struct emitter_orders orders = { .is_running = true, .rate_per_s = 2.5 };
	const struct emitter_figures figures = { .sent = { 10, 50 },
						 .accepted = { 7, 35 },
						 .refused = { 2, 10 },
						 .failed = { 1, 5 },
						 .n_sent_bytes = 9000,
						 .packets_per_s = 2.25,
						 .messages_per_s = 11,
						 .p50_us = 100,
						 .p90_us = 200,
						 .p99_us = 300,
						 .max_us = 400,
						 .n_backlog = 3,
						 .n_waiting = 4,
						 .n_in_flight = 6 };
	cJSON *json = stats_json_make(&orders, &figures, "hec");
	char *text = cJSON_PrintUnformatted(json);

	assert_string_equal(
		text, "{\"status\":\"running\",\"rate\":2.5,\"format\":\"hec\","
		      "\"sent\":{\"packets\":10,\"messages\":50,\"bytes\":9000},"
		      "\"accepted\":{\"packets\":7,\"messages\":35},"
		      "\"refused\":{\"packets\":2,\"messages\":10},"
		      "\"failed\":{\"packets\":1,\"messages\":5},"
		      "\"latency_us\":{\"p50\":100,\"p90\":200,\"p99\":300,\"max\":400},"
		      "\"packets_per_s\":2.25,\"messages_per_s\":11,\"backlog\":3,\"in_flight\":6,"
		      "\"waiting_messages\":4}");
	cJSON_free(text);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_figure_has_its_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
