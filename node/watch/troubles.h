#ifndef WEIR_NODE_TROUBLES_H
#define WEIR_NODE_TROUBLES_H
/*
 * Tells the journal which analyzers are slow or fail deliveries, and when that is over. One node
 * tells it for the pool: the one that stores the past. Of the watch thread. Finding is pure: time is
 * a parameter.
 */
#include <cjson/cJSON.h>

#include "registry/causes.h"
#include "registry/keys.h"
#include "registry/redis/client.h"

#define TROUBLE_LEAST_MS 5000  /* what ends sooner is not told */
#define TROUBLE_HOLD_MS 30000  /* one that was gone for less is the same still */
#define TROUBLE_FIGURE_SIZE 24 /* "1500 ms", "30 %" */

struct trouble {
	enum cause_kind kind; /* CAUSE_SLOW or CAUSE_ERRS */
	char id[ANALYZER_ID_MAX + 1];
	char figure[TROUBLE_FIGURE_SIZE], error[REDIS_ERROR_SIZE]; /* of when it was told */
	uint64_t first_ms, last_ms;
	bool is_told;
};

struct troubles {
	struct client *client; /* borrowed, as the next */
	const struct registry_keys *keys;

	struct trouble list[CAUSES_MOST];
	unsigned n;
	bool is_keeper;  /* it tells them, and knows what the journal has */
	double routed;   /* by the pool, when it last looked */
	uint64_t due_us; /* when reports may be read for this again */
};

/* is_over: it has ended. Else it has begun. */
typedef void (*trouble_fn)(void *arg, const struct trouble *trouble, bool is_over);

/* Compares with what was there, and calls tell for each that has begun or ended. */
void troubles_hear(struct troubles *t, const struct causes *causes, uint64_t now_ms,
		   trouble_fn tell, void *arg);
/* Takes over what another node told: events of the journal, the oldest first. */
void troubles_adopt(struct troubles *t, const cJSON *events, uint64_t now_ms);
/* Nothing has changed that would need a look: no packet was routed, and nothing is under way. */
bool troubles_are_idle(struct troubles *t, double routed);
/* Finds the causes and writes what is new into the journal. */
void troubles_turn(struct troubles *t, const struct roster *roster, const struct reports *reports);

#endif
