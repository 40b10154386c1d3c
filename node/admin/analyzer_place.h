#ifndef WEIR_NODE_ANALYZER_PLACE_H
#define WEIR_NODE_ANALYZER_PLACE_H
/*
 * Whether an analyzer may say that it lives at a URL, so that registering does not turn a node
 * against hosts that are none of its business. Says early and clearly what the sender enforces
 * anyway, whenever it makes a connection.
 */
#include "common/net/net_allow.h"

#define ANALYZER_PLACE_LOOKUP_MS 1000

enum analyzer_place {
	PLACE_ALLOWED,
	PLACE_BAD,     /* no URL that can be judged: a host that programs read in different ways */
	PLACE_UNKNOWN, /* a name that cannot be resolved now */
	PLACE_REFUSED
};

/* Waits for the lookup of a name, no longer than the above. `why` gets a sentence unless ALLOWED.
 */
enum analyzer_place analyzer_place_check(const struct net_allow *allow, const char *url,
					 char why[640]) MUST_CHECK;

#endif
