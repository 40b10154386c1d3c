#ifndef WEIR_ANALYZER_MESSAGE_OTLP_H
#define WEIR_ANALYZER_MESSAGE_OTLP_H
/*
 * OTLP's levels above a log record: a resource and a scope, whose attributes are the context of the records.
 */
#include "analyzer/message/message_visit.h"

/* An element of resourceLogs; arg is a struct message_visit. */
int message_on_resource(struct json_cursor *c, unsigned depth, void *arg) MUST_CHECK;

#endif
