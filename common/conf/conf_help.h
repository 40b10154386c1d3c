#ifndef WEIR_COMMON_CONF_HELP_H
#define WEIR_COMMON_CONF_HELP_H
#include "common/buf.h"
#include "common/conf/conf_option.h"

/* NULL for a flag that stands alone. */
const char *conf_placeholder(const struct conf_option *option);
int conf_answer_help(const struct conf_program *program);    /* CONF_E_DONE or -ENOMEM */
int conf_answer_version(const struct conf_program *program); /* CONF_E_DONE */
/* Prints what was built on stdout and releases it: CONF_E_DONE, or -ENOMEM if it failed. */
int conf_answer(struct buf *out);

#endif
