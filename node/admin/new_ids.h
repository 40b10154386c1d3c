#ifndef WEIR_NODE_NEW_IDS_H
#define WEIR_NODE_NEW_IDS_H
/*
 * How many ids that nobody knows may come from one address (IPv6: from its /64): NEW_IDS_BURST at
 * once, and as many in a minute. So one stranger does not take all places in the pool at once. Time
 * is a parameter. From any thread.
 */
#include <pthread.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/net/net.h"

#define NEW_IDS_BURST 256
#define NEW_IDS_PERIOD_US (60 * US_PER_S / NEW_IDS_BURST) /* for one more */
#define NEW_IDS_PLACES 256 /* addresses; beyond, whoever came longest ago is forgotten */

struct new_ids {
	pthread_mutex_t lock;
	struct new_ids_place {
		uint8_t address[16];
		uint64_t clear_us; /* all that came is forgiven then */
	} places[NEW_IDS_PLACES];
};

void new_ids_init(struct new_ids *n);
void new_ids_deinit(struct new_ids *n);
/* 0: one more may come, and is counted. Else the seconds until it may. */
unsigned new_ids_take(struct new_ids *n, const struct net_addr *from, uint64_t now_us);

#endif
