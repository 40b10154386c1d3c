#ifndef WEIR_ANALYZER_MESSAGE_VISIT_H
#define WEIR_ANALYZER_MESSAGE_VISIT_H
/*
 * What the walks through the levels of a packet share.
 */
#include "analyzer/message/message.h"

/* What it returns but 0 ends the walk and is its result. */
typedef int (*message_fn)(const struct message *m, void *arg);

struct message_visit {
	struct message *m;
	message_fn fn;
	void *arg;
};

/* The message is whole, if r is 0: hands it out, and goes back to the mark. */
int message_visit_emit(struct message_visit *visit, const struct message_mark *mark,
		       int r) MUST_CHECK;

/* Up to two members of an object, by name. */
struct message_members {
	const char *names[2];
	const char *other;            /* what the second may be called as well; NULL: nothing */
	struct json_cursor values[2]; /* at NULL: there is none */
};

/* Scans the value at the cursor; of an object, the first members with these names are found. */
int message_find_members(struct json_cursor *c, unsigned depth,
			 struct message_members *members) MUST_CHECK;

#endif
