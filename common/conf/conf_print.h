#ifndef WEIR_COMMON_CONF_PRINT_H
#define WEIR_COMMON_CONF_PRINT_H
#include "common/conf/conf_set.h"

int conf_answer_print(const struct conf_run *run); /* CONF_E_DONE or -ENOMEM */

#endif
