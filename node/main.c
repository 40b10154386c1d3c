#include <curl/curl.h>
#include <signal.h>

#include "common/log.h"
#include "node/node.h"

/* Signals are waited for by node_run alone; a broken connection is an error of write(). */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(const struct node_config *config)
{
	struct node *node;
	int status = 1;

	log_init((enum log_level)config->log_level, (enum log_format)config->log_format, config->node_id);
	block_signals();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 1;
	if (node_new(config, &node) == 0) {
		status = node_run(node);
		node_free(node);
	}
	curl_global_cleanup();
	return status;
}

int main(int argc, char **argv)
{
	struct node_config config = { 0 };
	int r = conf_load(&node_program, &config, argc, argv, NULL, NULL), status;

	if (r == CONF_E_DONE)
		return 0;
	if (r == 0)
		r = node_config_finish(&config);
	if (r != 0)
		return 2;
	status = run(&config);
	conf_free(&node_program, &config);
	return status;
}
