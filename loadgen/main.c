/*
 * weir-loadgen: sends packets on a schedule, and says what became of them.
 */
#include <curl/curl.h>
#include <signal.h>

#include "common/log.h"
#include "loadgen/session.h"

enum { EXIT_ALL_WELL, EXIT_NOT_WELL, EXIT_USAGE };

static int run(const struct options *options)
{
	CLEANUP(session_freep) struct session *session = NULL;
	int r = session_new(&session, options);

	if (r)
		return r == SESSION_E_USAGE ? EXIT_USAGE : EXIT_NOT_WELL;
	return session_run(session) ? EXIT_ALL_WELL : EXIT_NOT_WELL;
}

int main(int argc, char **argv)
{
	struct options options;
	int r = options_load(&options, argc, argv);

	if (r)
		return r == CONF_E_DONE ? EXIT_ALL_WELL : EXIT_USAGE;
	log_init((enum log_level)options.log_level, (enum log_format)options.log_format, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return EXIT_NOT_WELL;
	r = run(&options);
	curl_global_cleanup();
	options_free(&options);
	return r;
}
