#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "common/clock.h"
#include "loadgen/progress.h"

struct fixture {
	struct progress progress;
	struct stats stats;
	char *text;
	size_t len;
};

static FILE *out;

static void show_text(const char *text, size_t len)
{
	assert_int_equal(fwrite(text, 1, len, out), len);
	fflush(out);
}

static void begin(struct fixture *f, bool is_terminal)
{
	out = open_memstream(&f->text, &f->len);
	assert_non_null(out);
	stats_init(&f->stats, US_PER_S);
	progress_init(&f->progress, show_text, is_terminal);
}

static void show(struct fixture *f, uint64_t now_us, double done)
{
	progress_show(&f->progress,
		      &(struct load_progress){
			      .stats = &f->stats, .now_us = now_us, .backlog = 7, .done = done });
}

static void end(struct fixture *f)
{
	fclose(out);
	free(f->text);
}

static void the_line_shows_how_far_and_how_fast(void **state UNUSED)
{
	struct fixture f;

	begin(&f, true);
	f.stats.sent.packets = 100;
	f.stats.accepted.packets = 98;
	f.stats.refused.packets = 2;
	show(&f, 3 * US_PER_S, 0.5);
	assert_non_null(strstr(
		f.text, "[##########..........]  50% 2.0s  50/s  accepted 98 refused 2 failed 0"));
	assert_non_null(strstr(f.text, "backlog 7"));
	f.stats.sent.packets = 400;
	show(&f, 4 * US_PER_S, 1);
	assert_non_null(strstr(f.text, "[####################] 100% 3.0s  300/s"));
	end(&f);
}

static void a_terminal_has_one_line_that_is_written_over(void **state UNUSED)
{
	struct fixture f;

	begin(&f, true);
	show(&f, 2 * US_PER_S, 0);
	show(&f, 3 * US_PER_S, 0);
	assert_int_equal(f.text[0], '\r');
	assert_null(strchr(f.text, '\n'));
	progress_end(&f.progress);
	assert_int_equal(f.text[f.len - 1], '\n');
	end(&f);
}

static void a_file_gets_a_line_a_second(void **state UNUSED)
{
	struct fixture f;
	unsigned n_lines = 0;

	begin(&f, false);
	for (unsigned i = 0; i <= 12; i++)
		show(&f, US_PER_S + i * US_PER_S / 4, 0);
	for (const char *c = f.text; (c = strchr(c, '\n')); c++)
		n_lines++;
	assert_int_equal(n_lines, 4);
	assert_null(strchr(f.text, '\r'));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_shows_how_far_and_how_fast),
		cmocka_unit_test(a_terminal_has_one_line_that_is_written_over),
		cmocka_unit_test(a_file_gets_a_line_a_second),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
