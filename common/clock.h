#ifndef WEIR_COMMON_CLOCK_H
#define WEIR_COMMON_CLOCK_H
/*
 * The one clock type: microseconds in a uint64_t. Monotonic time is for all
 * waiting and measuring, wall time only for what people read.
 */
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define US_PER_MS 1000ULL
#define US_PER_S 1000000ULL

static inline uint64_t clock_mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000;
}

static inline uint64_t clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000;
}

/* For libevent, which takes struct timeval. */
static inline struct timeval clock_timeval(uint64_t us)
{
	return (struct timeval){ .tv_sec = (time_t)(us / US_PER_S),
				 .tv_usec = (suseconds_t)(us % US_PER_S) };
}

#endif
