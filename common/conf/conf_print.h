#ifndef WEIR_COMMON_CONF_PRINT_H
#define WEIR_COMMON_CONF_PRINT_H
#include "common/conf/conf_settings.h"

int conf_answer_print(const struct conf_settings *settings); /* CONF_E_DONE or -ENOMEM */

#endif
