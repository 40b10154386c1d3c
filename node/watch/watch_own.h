#ifndef WEIR_NODE_WATCH_OWN_H
#define WEIR_NODE_WATCH_OWN_H
/*
 * What the files of the watch thread share. watch.c has its life and its readers, watch_look.c what
 * it reads from Redis, watch_publish.c what it makes of that.
 */
#include <pthread.h>

#include "node/shared.h"
#include "node/watch/history_share.h"
#include "node/watch/past_store.h"
#include "node/watch/recent.h"
#include "node/watch/since.h"
#include "node/watch/troubles.h"
#include "node/watch/view.h"
#include "registry/leases.h"

#define WATCH_LOOK_US 1000000       /* while somebody looks */
#define WATCH_IDLE_US 10000000      /* else, */
#define WATCH_IDLE_MOST_US 60000000 /* in the largest pool */

struct watch {
	struct node_shared *shared;
	pthread_t thread;
	bool has_thread;
	struct client *client; /* the thread's own, as are the next */
	struct roster *roster; /* as last seen; NULL: never */
	struct reports reports;
	struct since since;
	uint64_t seen_us;
	double round_trip_ms;
	uint64_t look_us;   /* between looks while somebody wants them */
	uint64_t idle_us;   /* between looks while nobody wants them */
	uint64_t glance_us; /* that the last of these took; 0: there was none */
	struct past_store store;
	struct history_share history_share;
	struct troubles troubles;

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	bool must_stop;
	char *own_report;    /* what the node reports of itself; NULL: nothing yet */
	double n_refused;    /* requests, as the nodes last reported */
	uint64_t wanted_us;  /* when somebody last looked */
	struct roster *pool; /* as last seen, maybe without accounts; NULL: never */
	uint64_t pool_seen_us;
	struct view *view;
	struct history history;
	struct past past;
	struct recent recent; /* the thread alone writes it, so it reads without the lock */
};

/* Somebody looks: all of the pool is read, and a view of it is published. */
int watch_look(struct watch *w) MUST_CHECK;
/* Nobody looks. */
int watch_glance(struct watch *w) MUST_CHECK;
/*
 * How long nobody looks after a glance that took so long. One that Redis held up says nothing about the next: the
 * shorter one of the last two counts.
 */
uint64_t watch_idle_us(struct watch *w, uint64_t took_us, unsigned n_workers);
/* The pool cannot be seen: the last view is shown with what this node knows of itself. */
void watch_look_away(struct watch *w);

/* is_current: the pool was seen just now. Else it is shown as it was, with the reason. */
void watch_publish(struct watch *w, bool is_current);

#endif
