#ifndef WEIR_ANALYZER_MESSAGE_FIELDS_H
#define WEIR_ANALYZER_MESSAGE_FIELDS_H
/*
 * A JSON value becomes fields of a message: objects are flattened, null is nothing. The bytes have been
 * scanned before. Each function returns 0, -ENOMEM, or JSON_SCAN_E_SYNTAX for bytes that were not.
 */
#include "analyzer/message/message.h"

/* The value at the cursor under m->path, which is left as it was. */
int message_read_value(struct message *m, struct json_cursor *c, unsigned level,
		       bool is_inside) MUST_CHECK;
/* The same for the value of a member, whose key is appended to m->path. */
int message_read_member(struct message *m, struct json_cursor *c, const struct json_slice *key,
			unsigned level, bool is_inside) MUST_CHECK;
/* OTLP's AnyValue: {"stringValue":"…"}, {"intValue":"7"}, … */
int message_read_any_value(struct message *m, struct json_cursor *c, unsigned level) MUST_CHECK;
/* OTLP's attributes: [{"key":"…","value":AnyValue}, …]; m->path stands before each key. */
int message_read_attributes(struct message *m, struct json_cursor *c, unsigned level) MUST_CHECK;

#endif
