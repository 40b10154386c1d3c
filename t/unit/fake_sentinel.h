#ifndef WEIR_T_FAKE_SENTINEL_H
#define WEIR_T_FAKE_SENTINEL_H
/*
 * A sentinel that answers what a test says, in a thread of its own: AUTH with +OK, all else with
 * one text.
 */
#include <pthread.h>
#include <stdbool.h>

#include "common/err.h"

struct fake_sentinel {
	int port;
	int listener;
	pthread_t thread;
	pthread_mutex_t lock;
	char answer[512]; /* "" : none, the connection stays silent */
	char heard[512];  /* the last thing that was not AUTH */
	char login[512];  /* the last AUTH; "" = none */
	unsigned n_asked;
	bool must_stop;
};

int fake_sentinel_start(struct fake_sentinel *fake) MUST_CHECK;
void fake_sentinel_stop(struct fake_sentinel *fake);
/* Bytes of the protocol; NULL: silence. */
void fake_sentinel_say(struct fake_sentinel *fake, const char *answer);
/* That the primary is at 127.0.0.1:port. */
void fake_sentinel_name(struct fake_sentinel *fake, int port);
unsigned fake_sentinel_n_asked(struct fake_sentinel *fake);

#endif
