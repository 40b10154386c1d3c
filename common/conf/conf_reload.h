#ifndef WEIR_COMMON_CONF_RELOAD_H
#define WEIR_COMMON_CONF_RELOAD_H
/*
 * Reads the configuration again, while threads use it.
 */
#include "common/conf/conf.h"

/*
 * Loads everything again as conf_load did. Options that are CONF_RELOADABLE get their new value in
 * `live`, the struct (of `size` bytes) that conf_load filled. The log says what changed, and what
 * changed and needs a restart. 0, or what conf_load returned: then `live` stays as it is.
 *
 * Other threads read a string of `live` with conf_string. An old value stays in memory, since
 * somebody may still read it.
 */
int conf_reload(const struct conf_program *program, void *live, size_t size, int argc,
		char **argv) MUST_CHECK;

static inline const char *conf_string(char *const *field)
{
	return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

#endif
