#ifndef WEIR_NODE_DISCOVER_H
#define WEIR_NODE_DISCOVER_H
/*
 * Keeps the analyzers that this node lists registered, together with all other nodes that list them
 * (lua/keep.lua). Runs on the loop of the control thread.
 */
#include <event2/event.h>

#include "node/discover/discover_lists.h"
#include "node/discover/header_book.h"
#include "registry/redis/link.h"

struct discover;

struct discover_config {
	struct event_base *base; /* borrowed, as all of these */
	struct link *link;       /* to the registry */
	const char *node_id;
	const struct net_allow *allow;                   /* where analyzers may live */
	const struct conf_list *analyzers[STATIC_LISTS]; /* texts of target_parse */
	const struct conf_list *sources;                 /* texts of source_parse */
	uint64_t interval_ms;                            /* between two lookups of a name */
	struct header_book *headers;                     /* of this node alone */
	void (*on_headers)(void *arg);                   /* what discover_dress adds is another */
	void *arg;
};

/* *discoverp is NULL where nothing is listed. Negative errno. */
int discover_new(const struct discover_config *config, struct discover **discoverp) MUST_CHECK;
/* NULL is fine, here and below. */
void discover_free(struct discover *d);
/* Adds the headers of those that this node lists, where the roster has them at the same URL. */
void discover_dress(struct discover *d, struct roster *roster);
/* The options may have been read again. */
void discover_on_refresh(struct discover *d);
/* The registry can be asked again. */
void discover_on_up(struct discover *d);

#endif
