/*
 * The reference analyzer: parse, build, run.
 */
#include <string.h>

#include "analyzer/analyzer.h"
#include "common/log.h"
#include "common/net/net_given.h"

int main(int argc, char **argv)
{
	static struct config config; /* of the whole process */
	struct analyzer *analyzer;
	int r;

	net_given_init();
	r = config_load(&config, argc, argv);
	if (r)
		return r == CONF_E_DONE ? EXIT_SUCCESS : r == CONF_E_USAGE ? 2 : EXIT_FAILURE;
	log_init((enum log_level)config.log_level, (enum log_format)config.log_format, NULL);
	r = analyzer_new(&config, &analyzer);
	if (r) {
		log_error("analyzer", "cannot start", "reason=%s", strerror(-r));
		config_free(&config);
		return EXIT_FAILURE;
	}
	exit(analyzer_run(analyzer, &config, argc, argv));
}
