#ifndef WEIR_ANALYZER_DOCUMENT_H
#define WEIR_ANALYZER_DOCUMENT_H
/*
 * A message as one JSON object on one line: its own members as they came, and beside them what was around
 * it, and where it came from. Pure.
 */
#include "analyzer/message/message.h"

/* The packet that a message came in. */
struct origin {
	const char *analyzer;
	const char *node;            /* NULL: nobody said */
	const char *pool;            /* NULL: nobody said */
	struct json_slice packet_id; /* escapes as written; len 0: it has none */
};

/* Appends the object. has_time: "@timestamp" is added where no member is called so, and members that
 * OpenSearch keeps for itself (_id, _source …) get a leading x. */
void document_append(struct buf *out, const struct message *m, const struct origin *origin,
		     bool is_indexed);
/* Appends `,"_analyzer":"…"` and so on, in the way of GELF. */
void document_append_origin(struct buf *out, const struct origin *origin);
/* Appends the value as JSON; what is no text, number or truth is a text with its JSON. */
void document_append_scalar(struct buf *out, const struct message_field *field);
/* Appends a value that stands between quotes, on one line. */
void document_append_quoted(struct buf *out, const struct json_slice *text);
/* The text of a message as a JSON string, never an empty one. */
void document_append_text(struct buf *out, const struct message *m);

#endif
