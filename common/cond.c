#include "common/cond.h"

#include <assert.h>
#include <time.h>

void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int r;

	r = pthread_condattr_init(&attr);
	assert(r == 0);
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	assert(r == 0);
	r = pthread_cond_init(cond, &attr);
	assert(r == 0);
	pthread_condattr_destroy(&attr);
}
