#include "common/conf/conf_builtin.h"

#include <stddef.h>

const struct conf_builtin conf_builtins[CONF_BUILTINS] = {
	[CONF_HELP] = { "help", NULL, "Print this help and exit; also -h." },
	[CONF_VERSION] = { "version", NULL, "Print the version and exit." },
	[CONF_CONFIG] = { "config", "FILE",
			  "Read \"name = value\" lines from FILE; '#' begins a comment." },
	[CONF_CHECK_CONFIG] = { "check-config", NULL,
				"Check the whole configuration, say \"configuration ok\" and exit." },
	[CONF_PRINT_CONFIG] = { "print-config", NULL,
				"Print every value and where it is from, secrets masked, and exit." },
};
