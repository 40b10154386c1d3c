#ifndef WEIR_COMMON_CONF_PATH_H
#define WEIR_COMMON_CONF_PATH_H
/*
 * Which file of its own (NAME-file) the value of an option came from. On the thread alone that
 * loads.
 */
#include "common/conf/conf_option.h"
#include "common/err.h"

/* -ENOMEM */
int conf_path_remember(const struct conf_option *option, const char *path) MUST_CHECK;
/* The last one; NULL: there was none. Lasts as long as the process. */
const char *conf_path_of(const struct conf_option *option);

#endif
