/*
 * weir-sidecar: parse, run.
 */
#include <stdlib.h>

#include "analyzer/sidecar/sidecar.h"
#include "common/log.h"

int main(int argc, char **argv)
{
	static struct sidecar_config config; /* of the whole process */
	char **command;
	int r = sidecar_config_load(&config, argc, argv, &command);

	if (r)
		return r == CONF_E_DONE ? EXIT_SUCCESS : r == CONF_E_USAGE ? 2 : EXIT_FAILURE;
	log_init((enum log_level)config.log_level, (enum log_format)config.log_format, NULL);
	r = sidecar_run(&config, command);
	sidecar_config_free(&config);
	exit(r);
}
