#include <event2/event.h>
#include <signal.h>

#include "common/conf/conf_reload.h"
#include "common/log.h"
#include "common/net/net_given.h"
#include "node/node.h"

/* Signals are waited for by node_run alone; a broken connection is an error of write(). */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
}

/* Unless it is told otherwise, libevent writes to stderr itself, and would wait for it. */
static void on_libevent(int severity, const char *message)
{
	log_event(severity >= EVENT_LOG_WARN ? LOG_WARN : LOG_DEBUG, "libevent", "event",
		  "message=%s", message);
}

/* The configuration of the whole process, and where it is read from, on SIGHUP again. */
static struct node_config config;
static struct {
	int argc;
	char **argv;
} command_line;

static bool reload(void)
{
	if (conf_reload(&node_program, &config, sizeof(config), command_line.argc,
			command_line.argv) != 0)
		return false;
	log_init((enum log_level)config.log_level, (enum log_format)config.log_format,
		 config.node_id);
	return true;
}

/*
 * After node_run all packets, connections and leases are settled. The memory is left to the kernel.
 */
static int run(void)
{
	static struct node *node; /* of the whole process */

	log_init((enum log_level)config.log_level, (enum log_format)config.log_format,
		 config.node_id);
	event_set_log_callback(on_libevent);
	block_signals();
	return node_new(&config, &node) == 0 ? node_run(node, reload) : 1;
}

int main(int argc, char **argv)
{
	int r;

	net_given_init();
	r = conf_load(&node_program, &config, argc, argv, NULL, NULL);
	if (r == CONF_E_DONE)
		return 0;
	if (r != 0)
		return 2;
	command_line.argc = argc;
	command_line.argv = argv;
	return run();
}
