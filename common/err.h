#ifndef WEIR_COMMON_ERR_H
#define WEIR_COMMON_ERR_H
/*
 * The one rule of errors in this project.
 *
 *   0         it worked
 *   negative  a fatal errno (-ENOMEM, -EIO ...): nobody below could do anything
 *             about it; hand it up unchanged
 *   positive  this module's own X_E_*: the caller is expected to handle it
 *
 * A function that can fail is MUST_CHECK. Resources are released by one idiom:
 * CLEANUP(free_function) on the variable, and hand-over by setting it NULL.
 * Every x_free(NULL) is fine.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Makes x_freep(struct x **) from x_free(struct x *), for CLEANUP(x_freep). */
#define DEFINE_CLEANUP(type, free_function)                                                        \
	static inline void free_function##p(type **objectp)                                        \
	{                                                                                          \
		if (*objectp)                                                                      \
			free_function(*objectp);                                                   \
	}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

#define AUTO_FREE CLEANUP(cleanup_free)

#endif
