#ifndef WEIR_COMMON_FILE_CHECK_H
#define WEIR_COMMON_FILE_CHECK_H
#include "common/err.h"

/* Whether a file can be appended to, made where it is missing; nothing is changed. Negative errno. */
int file_check_append(const char *path) MUST_CHECK;
/* Whether a file can be read. Negative errno. */
int file_check_read(const char *path) MUST_CHECK;

#endif
