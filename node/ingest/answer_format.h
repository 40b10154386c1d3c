#ifndef WEIR_NODE_ANSWER_FORMAT_H
#define WEIR_NODE_ANSWER_FORMAT_H
/*
 * Answers in the shape that the agents of a format understand. Many of them look at nothing but
 * their own codes. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/format/format.h"
#include "node/http/refusal.h"

#define ANSWER_ROOM 640

struct answer_shape {
	int status;
	const char *media_type; /* NULL: there is no body */
	const char *data;       /* in `room`, or static */
	size_t len;
	char room[ANSWER_ROOM];
};

/* How a request wants to be answered. */
struct answer_style {
	uint8_t format;          /* enum format_answer */
	uint8_t compatible_with; /* _bulk: the version of Elasticsearch; 0: any */
	bool had_token;          /* a token was given */
};

/* A success; for _bulk, what stands before its items. Not for FORMAT_ANSWER_WEIR. */
void answer_format_accepted(const struct answer_style *style, struct answer_shape *shape);
/* n_before: messages that were read before the fault. */
void answer_format_refused(const struct answer_style *style, enum refusal refusal,
			   uint32_t n_before, struct answer_shape *shape);

#endif
