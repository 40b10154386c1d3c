#ifndef WEIR_T_REDIS_SERVER_H
#define WEIR_T_REDIS_SERVER_H
/*
 * A real redis-server for tests: private, in a folder of its own, without persistence. It dies with
 * the test, whatever becomes of that.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

#define REDIS_SERVER_WAIT_S 10 /* for it to answer, and to end */

struct redis_server {
	char dir[64];
	char url[128]; /* redis://127.0.0.1:PORT or unix:///DIR/redis.sock; the same after a restart
			*/
	int port;      /* 0: a unix socket */
	int port_fd;   /* holds the port; -1: none */
	pid_t pid;     /* 0: not running */
	int log_fd;    /* read end of what it prints */
};

/* Waits until it answers: 0, -ETIMEDOUT, or the errno of what failed. */
int redis_server_start(struct redis_server *server, bool tcp) MUST_CHECK;
/* Ends it and removes the folder. */
void redis_server_stop(struct redis_server *server);

void redis_server_kill(struct redis_server *server); /* SIGKILL; returns when it is gone */
/* Empty, at the same address, after a kill. */
int redis_server_restart(struct redis_server *server) MUST_CHECK;
void redis_server_freeze(
	const struct redis_server *server); /* accepts connections, answers nothing */
void redis_server_thaw(const struct redis_server *server);

#endif
