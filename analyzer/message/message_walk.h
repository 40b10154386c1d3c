#ifndef WEIR_ANALYZER_MESSAGE_WALK_H
#define WEIR_ANALYZER_MESSAGE_WALK_H
/*
 * The messages of a packet, one by one, as common/json/json_packet.h counts them: of an array, of an
 * envelope ("messages", "records", "logs", "events"), of OTLP's resourceLogs, of Loki's streams.
 *
 * Wrappers are opened, where an object has no other members than they have: Splunk's {"event":…,"time":…},
 * _bulk's {"action":…,"document":{…}}, and {"value":{…}} of a Kafka REST proxy.
 */
#include "analyzer/message/message_visit.h"

/* `data` is a packet that packets_split has let pass. m is overwritten with each message. 0, -ENOMEM,
 * JSON_SCAN_E_SYNTAX, or what fn returned. */
int message_walk(struct message *m, const char *data, size_t len, message_fn fn,
		 void *arg) MUST_CHECK;

#endif
