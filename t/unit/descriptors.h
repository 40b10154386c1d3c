#ifndef WEIR_T_DESCRIPTORS_H
#define WEIR_T_DESCRIPTORS_H
/*
 * A process that is short of descriptors. Include it after cmocka.h.
 */
#include <sys/resource.h>
#include <unistd.h>

/* From now on this process may open n files more. `limit`: as it was, to be set again by the caller. */
static inline void leave_descriptors(struct rlimit limit, unsigned n)
{
	int next = dup(0);

	close(next);
	limit.rlim_cur = (rlim_t)next + n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

#endif
