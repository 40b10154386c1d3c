#ifndef WEIR_COMMON_CONF_VARIABLES_H
#define WEIR_COMMON_CONF_VARIABLES_H
/*
 * The options of all programs, which share one environment: made from their tables by
 * cmake/conf_variables.cmake.
 */
#include "common/conf/conf_option.h"

struct conf_variable {
	const char *program; /* "weir-node" */
	const char *option;
	enum conf_type type;
	const char *fallback; /* NULL: unset */
};
extern const struct conf_variable conf_variables[];
extern const size_t n_conf_variables;

#endif
