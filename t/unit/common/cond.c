#include "common/cond.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"

#define WAIT_US 50000

/* By the wall clock this time was over long ago, and the wait would end at once. */
static void a_wait_goes_by_the_monotonic_clock(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t start_us = clock_mono_us(), end_us = start_us + WAIT_US;
	struct timespec until = { .tv_sec = (time_t)(end_us / US_PER_S),
				  .tv_nsec = (long)(end_us % US_PER_S) * 1000 };
	pthread_cond_t cond;
	int r = 0;

	(void)state;
	cond_init(&cond);
	pthread_mutex_lock(&lock);
	while (r == 0)
		r = pthread_cond_timedwait(&cond, &lock, &until);
	pthread_mutex_unlock(&lock);
	assert_int_equal(r, ETIMEDOUT);
	assert_true(clock_mono_us() >= end_us);
	pthread_cond_destroy(&cond);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_wait_goes_by_the_monotonic_clock) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/cond", tests, NULL, NULL);
}
