#ifndef WEIR_NODE_DISCOVER_TARGET_H
#define WEIR_NODE_DISCOVER_TARGET_H
/*
 * One analyzer as a list names it. Its text is
 *
 *   [ID=]URL[*WEIGHT][;accepts=KIND][;encoding=gzip]      a1=http://10.0.0.7:9001/ingest*0.5
 *   URL=WEIGHT                            http://10.0.0.7:9001=0.5
 *
 * A URL without a path gets /ingest, but one of gRPC has none. Without an id it is HOST-PORT. Without accepts it is "batch", or
 * "request" where the URL ends in "/" and a star. Pure.
 */
#include "common/net/net_allow.h"
#include "registry/roster.h"

#define TARGET_TEXT_MAX 900
#define TARGETS_MOST ROSTER_MAX_SLOTS /* of one list */
#define TARGET_SPEC_SIZE 17

struct target {
	char id[ANALYZER_ID_MAX + 1];
	char url[ANALYZER_URL_MAX + 1];
	double weight;
	enum analyzer_accepts accepts;
	enum analyzer_encoding encoding;
	char *headers; /* lines of header_lines.h; NULL: none. A list owns those of its own */
	char spec[TARGET_SPEC_SIZE]; /* a digest of all that and of the source */
	bool is_announced;           /* the registry has it as this spec says */
};

struct target_list {
	struct target *targets; /* owned */
	size_t n;
};

void target_list_deinit(struct target_list *list);
/* Takes a copy, also of the headers. False: the list is full, or there is no memory. */
bool target_list_add(struct target_list *list, const struct target *t);
/* Whether both have the same targets in the same order. */
bool target_list_is(const struct target_list *a, const struct target_list *b);

/* NULL, or why the text names no analyzer (static). */
const char *target_parse(struct target *t, const char *text);
/* The id of a server at host and port, after a prefix that may be "". What no id may have becomes '-'. */
void target_make_id(const char *prefix, const char *host, uint16_t port,
		    char id[ANALYZER_ID_MAX + 1]);
/* Once all else is set. */
void target_write_spec(struct target *t, const char *source);
/* Why no analyzer may live at its address (static); NULL: it may, or its host is a name, whose addresses
 * are judged when a connection is made. */
const char *target_refuses(const struct target *t, const struct net_allow *allow);

#endif
