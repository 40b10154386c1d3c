#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/ctl/ctl_frame.h"

static struct ctl_history history;
static struct buf out;

static struct ctl_view frame(unsigned columns, unsigned rows)
{
	return (struct ctl_view){ .pool = "p",
				  .history = &history,
				  .now_s = 1763747515,
				  .columns = columns,
				  .rows = rows };
}

/* n analyzers a0, a1 ... of equal shares; the first has got `first` messages, each other one
 * `others`. */
static struct roster *pool(unsigned n, double first, double others, const char *workers)
{
	struct buf json CLEANUP(buf_deinit) = { 0 };
	struct roster *roster = NULL;

	buf_printf(&json, "{\"epoch\":7,\"slots\":%u,\"analyzers\":[", n);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&json,
			   "%s{\"id\":\"a%u\",\"slot\":%u,\"url\":\"http://a/\",\"weight\":1,"
			   "\"share\":%g,\"state\":\"active\",\"health\":\"%s\",\"lease_ms\":9,"
			   "\"routed\":%g,\"info\":\"{\\\"fault\\\":\\\"slow:5\\\"}\"}",
			   i ? "," : "", i, i, 1.0 / n, i == n - 1 && n > 2 ? "down" : "up",
			   i ? others : first);
	buf_printf(&json,
		   "],\"workers\":[%s],\"spill\":{\"packets\":%g,\"messages\":8,\"bytes\":500},"
		   "\"dead\":4,\"accounts\":{\"received\":[10,40],\"delivered\":[7,30],"
		   "\"in_flight\":[3,10]}}",
		   workers, first);
	assert_int_equal(roster_parse(buf_str(&json), &roster), 0);
	return roster;
}

static int setup(void **state)
{
	(void)state;
	buf_clear(&out);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ctl_history_deinit(&history);
	buf_deinit(&out);
	return 0;
}

/* No line is wider than that, and the number of lines. */
static unsigned check_size(const struct ctl_view *f)
{
	unsigned rows = 0, column = 0;

	for (const char *p = buf_str(&out); *p; p++) {
		if (*p == '\033') {
			p = strchr(p, 'm');
		} else if (*p == '\n') {
			rows++;
			column = 0;
		} else {
			assert_in_range(*p, ' ', '~');
			assert_true(++column <= f->columns);
		}
	}
	assert_true(rows <= f->rows);
	assert_int_equal(column, 0);
	return rows;
}

static const char *draw(const struct ctl_view *f)
{
	buf_clear(&out);
	ctl_frame_write(f, &out);
	assert_false(out.failed);
	check_size(f);
	return buf_str(&out);
}

static void assert_shows(const char *shown, const char *text)
{
	if (!strstr(shown, text))
		fail_msg("\"%s\" is not in\n%s", text, shown);
}

static void bars_show_what_was_got_and_what_is_the_target(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history, pool(2, 0, 0, ""), US_PER_S);
	ctl_history_push(&history, pool(2, 250, 750, ""), 11 * US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out), "a0        50.0%  25.0%  25.0%  25.0%  [=====------|     ]");
	assert_shows(buf_str(&out), "a1        50.0%  75.0%  75.0%  75.0%  [===========|+++++]");
	assert_shows(buf_str(&out), "up slow:5");
}

static void windows_are_compared_with_what_was_before_them(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history, pool(2, 0, 0, ""), US_PER_S);
	ctl_history_push(&history, pool(2, 900, 100, ""), 51 * US_PER_S);
	ctl_history_push(&history, pool(2, 900, 200, ""), 58 * US_PER_S);
	ctl_history_push(&history, pool(2, 900, 400, ""), 61 * US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out), "a0        50.0%   0.0%  69.2%  69.2%");
	assert_shows(buf_str(&out), "routed 67 msg/s");
	f.window = WINDOW_1MIN;
	assert_shows(draw(&f), "  1 MIN     ");
}

static void nothing_routed_is_no_error(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history, pool(2, 5, 5, ""), US_PER_S);
	ctl_history_push(&history, pool(2, 5, 5, ""), 11 * US_PER_S);
	assert_shows(draw(&f), "a0        50.0%      -      -  50.0%  [                |]");
}

static void growth_has_a_sign_and_what_is_under_way_is_shown(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history, pool(2, 0, 0, ""), US_PER_S);
	ctl_history_push(&history, pool(2, 30, 0, ""), 11 * US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out),
		     "in flight 3 packets (10 msg)  spill 30 (+3.0/s)  dead 4 (+0.0/s)\n");
	assert_shows(buf_str(&out), "accounts add up");
}

static void nodes_show_the_breakers_they_report(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history,
			 pool(3, 1, 1,
			      "{\"worker\":\"n1/0\",\"unreachable\":\"0,~1\"},"
			      "{\"worker\":\"n1/1\",\"unreachable\":\"1\"},"
			      "{\"worker\":\"n2/0\",\"unreachable\":\"!0,~2\"},"
			      "{\"worker\":\"n3/0\",\"unreachable\":\"\"}"),
			 US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out), "n1                     2          open: a0, a1\n");
	assert_shows(buf_str(&out),
		     "n2                     1          hanging: a0  half-open: a2\n");
	assert_shows(buf_str(&out), "n3                     1          all closed\n");
}

static void one_node_s_figures_are_said_to_be_that(void **state)
{
	cJSON *overview = cJSON_Parse("{\"figures\":{\"node\":\"n1\",\"messages_per_s\":900,"
				      "\"packets_per_s\":300}}");
	struct ctl_view f = frame(140, 24);
	(void)state;

	f.overview = overview;
	f.whose = "Redis is away: these are figures of node n1 alone";
	ctl_history_push(&history, pool(2, 1, 1, ""), US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out), "received 900 msg/s in 300 packets/s, by node n1\n");
	assert_shows(buf_str(&out), "\nRedis is away: these are figures of node n1 alone\n");
	cJSON_Delete(overview);
}

static void wide_frames_show_how_deliveries_go(void **state)
{
	cJSON *overview = cJSON_Parse(
		"{\"analyzers\":[{\"id\":\"a0\",\"p50_ms\":0.06,\"p99_ms\":0.1,"
		"\"error_ratio\":0.25,\"slow_workers\":1},{\"id\":\"a1\",\"p50_ms\":null}],"
		"\"nodes\":[{\"id\":\"n1\",\"p50_ms\":0.2,\"p99_ms\":0.2,\"error_ratio\":0}],"
		"\"deliveries\":{\"p99_ms\":0.2},"
		"\"ack\":{\"p50_ms\":0.05,\"p99_ms\":0.1,\"p99_9_ms\":0.1}}");
	struct ctl_view f = frame(140, 24);
	(void)state;

	f.overview = overview;
	ctl_history_push(&history, pool(2, 1, 1, "{\"worker\":\"n1/0\",\"unreachable\":\"\"}"),
			 US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out), "packets/s  p99 0.2 ms\n");
	assert_shows(buf_str(&out), "\ntime to 202: p50 0.1 ms  p99 0.1 ms  p99.9 0.1 ms\n");
	assert_shows(buf_str(&out), "  P50 MS  P99 MS  FAILED  STATE");
	assert_shows(buf_str(&out), "       0     0.1     0.1   25.0%  up slow");
	assert_shows(buf_str(&out), "       0       -       -       -  up slow:5");
	assert_shows(buf_str(&out),
		     "n1                     1               0.2     0.2    0.0%  all closed");
	f.columns = 132;
	assert_shows(draw(&f), "       0     0.1  up slow");
	cJSON_Delete(overview);
}

static void what_is_stale_says_so(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	f.trouble = "Redis: Connection refused\033[2J";
	assert_shows(draw(&f), "NOTHING KNOWN YET. Redis: Connection refused?[2J");
	ctl_history_push(&history, pool(2, 1, 1, ""), US_PER_S);
	f.age_s = 12;
	assert_shows(draw(&f), "STALE: as it was 12 s ago. Redis: Connection refused?[2J");
	f.trouble = NULL;
	assert_null(strstr(draw(&f), "STALE"));
}

static void an_empty_pool_says_how_to_begin(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history, pool(0, 0, 0, ""), US_PER_S);
	draw(&f);
	assert_shows(buf_str(&out), "No analyzer yet. Start one: weir-analyzer");
	assert_shows(buf_str(&out), "No node here. Start one: weir-node");
}

static void the_worst_come_first_where_not_all_fit(void **state)
{
	struct ctl_view f = frame(80, 24);
	const char *heading;
	(void)state;

	ctl_history_push(&history, pool(200, 0, 0, ""), US_PER_S);
	ctl_history_push(&history, pool(200, 500, 10, ""), 11 * US_PER_S);
	heading = strstr(draw(&f), "WORST");
	assert_non_null(heading);
	assert_int_equal(strncmp(strchr(heading, '\n') + 1, "a199 ", 5), 0);
	assert_shows(heading, "\na0  ");
	assert_shows(heading, "186 more analyzers");
}

static void every_size_is_kept_to(void **state)
{
	char workers[4096] = "";
	size_t len = 0;
	(void)state;

	for (int i = 0; i < 50; i++)
		len += (size_t)snprintf(workers + len, sizeof(workers) - len,
					"%s{\"worker\":\"n%d/0\",\"unreachable\":\"0,1,2,3,4,5\"}",
					i ? "," : "", i);
	ctl_history_push(&history, pool(40, 0, 0, workers), US_PER_S);
	ctl_history_push(&history, pool(40, 1e15, 3, workers), 11 * US_PER_S);
	for (unsigned columns = 1; columns < 300; columns += 7) {
		for (unsigned rows = 1; rows < 120; rows += 3) {
			struct ctl_view f = frame(columns, rows);

			f.colour = columns % 2;
			f.trouble = rows % 2 ? "away" : NULL;
			draw(&f);
		}
	}
}

static void without_colours_there_is_no_escape(void **state)
{
	struct ctl_view f = frame(80, 24);
	(void)state;

	ctl_history_push(&history, pool(3, 1, 1, ""), US_PER_S);
	assert_null(strchr(draw(&f), '\033'));
	f.colour = true;
	assert_non_null(strchr(draw(&f), '\033'));
}

static void what_is_older_than_the_windows_is_forgotten(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 200; s++)
		ctl_history_push(&history, pool(2, (double)s, 0, ""), s * US_PER_S);
	assert_true(history.n >= 61 && history.n <= CTL_HISTORY);
	assert_int_equal(ctl_history_before(&history, 60 * US_PER_S)->us, 140 * US_PER_S);
	ctl_history_push(&history, pool(2, 0, 0, ""), 500 * US_PER_S);
	assert_int_equal(history.n, 1);
	assert_int_equal(ctl_history_before(&history, US_PER_S)->us, 500 * US_PER_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bars_show_what_was_got_and_what_is_the_target),
		TEST(windows_are_compared_with_what_was_before_them),
		TEST(nothing_routed_is_no_error),
		TEST(growth_has_a_sign_and_what_is_under_way_is_shown),
		TEST(nodes_show_the_breakers_they_report),
		TEST(one_node_s_figures_are_said_to_be_that),
		TEST(wide_frames_show_how_deliveries_go),
		TEST(what_is_stale_says_so),
		TEST(an_empty_pool_says_how_to_begin),
		TEST(the_worst_come_first_where_not_all_fit),
		TEST(every_size_is_kept_to),
		TEST(without_colours_there_is_no_escape),
		TEST(what_is_older_than_the_windows_is_forgotten),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
