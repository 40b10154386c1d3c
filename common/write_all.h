#ifndef WEIR_COMMON_WRITE_ALL_H
#define WEIR_COMMON_WRITE_ALL_H
#include <stddef.h>

#include "common/err.h"

/* Blocks until all of it is written. Negative errno: some of it may be. */
int write_all(int fd, const char *data, size_t len) MUST_CHECK;

#endif
