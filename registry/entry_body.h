#ifndef WEIR_REGISTRY_ENTRY_BODY_H
#define WEIR_REGISTRY_ENTRY_BODY_H
/*
 * The body of an entry, as people can read it. JSON and text are shown as they are. What is neither is
 * shown in its JSON form, if it is in the format that the entry names, and else in hex.
 */
#include "registry/entries.h"

enum entry_shape {
	ENTRY_AS_JSON, /* the body itself, or its JSON form */
	ENTRY_AS_TEXT,
	ENTRY_AS_HEX, /* the beginning of it */
	ENTRY_SHAPES
};

/* Appends it to `out`. What was not read whole is no JSON. */
enum entry_shape entry_show_body(const redisReply *entry, struct buf *out);
/* The same as a field of its own: "body", "body_text" or "body_hex". JSON keeps each byte, also line
 * ends between its values. */
void entry_add_body(const redisReply *entry, cJSON *json);

#endif
