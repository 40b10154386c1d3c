#ifndef WEIR_COMMON_SECRET_FILE_H
#define WEIR_COMMON_SECRET_FILE_H
#include "common/err.h"

#define SECRET_FILE_MAX 65536 /* bytes */

/* The file's content without its last newline, NUL-terminated. Negative errno: -EFBIG, -EILSEQ (it has
 * a NUL), or why it cannot be read. */
int secret_file_read(const char *path, char secret[SECRET_FILE_MAX]) MUST_CHECK;

#endif
