#ifndef WEIR_ANALYZER_MESSAGE_WRAPPER_H
#define WEIR_ANALYZER_MESSAGE_WRAPPER_H
#include "analyzer/message/message.h"

/* The object at the cursor as a message. Of a wrapper, what it wraps is m->object. 0, -ENOMEM, or
 * JSON_SCAN_E_SYNTAX. */
int message_read_wrapped(struct message *m, struct json_cursor *c) MUST_CHECK;

#endif
