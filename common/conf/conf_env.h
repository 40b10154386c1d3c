#ifndef WEIR_COMMON_CONF_ENV_H
#define WEIR_COMMON_CONF_ENV_H
/*
 * The environment. A variable carries the program, WEIR_NODE_LISTEN; the name without it,
 * WEIR_LISTEN, is taken too, with a warning where another program means something else by it.
 */
#include "common/conf/conf_set.h"

/* NULL: not set, or empty: that is how compose files and shells say "not set". */
const char *conf_env_get(const char *variable);
/* Gives options the values that the environment has for them. */
int conf_env_load(struct conf_run *run) MUST_CHECK;
/* The file that the environment names; NULL: none. */
const char *conf_env_config(const struct conf_program *program);
/* Warns of variables that begin as ours do, and that no program reads. */
void conf_env_warn(const struct conf_program *program);

#endif
