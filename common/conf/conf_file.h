#ifndef WEIR_COMMON_CONF_FILE_H
#define WEIR_COMMON_CONF_FILE_H
#include "common/conf/conf_set.h"

/* Gives options the values that the file run->file has for them. */
int conf_file_load(struct conf_run *run) MUST_CHECK;

#endif
