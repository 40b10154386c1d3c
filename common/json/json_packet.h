#ifndef WEIR_COMMON_JSON_PACKET_H
#define WEIR_COMMON_JSON_PACKET_H
/*
 * What a packet is in JSON, found by a strict scan in constant memory:
 *   array -> its length     object with a "messages" array -> its length     any other object -> 1
 *
 * The envelopes of agents are objects too, and are counted by what they hold:
 *   an array "records", "logs" or "events"   its length; if it is empty beside other fields, 1
 *   "resourceLogs", an array of objects      resourceLogs[].scopeLogs[].logRecords[] (OTLP)
 *   "streams", an array of objects           streams[].values[] (Loki)
 * "messages" goes before all of these, and of these the first array counts. Of keys that repeat the
 * first one counts. The id of a packet is its top-level field "id", where that is a string. Pure.
 */
#include <stdint.h>

#include "common/json/json_scan.h"

#define JSON_PACKET_E_SYNTAX JSON_SCAN_E_SYNTAX /* not JSON in UTF-8, or nested too deep */
#define JSON_PACKET_E_SCALAR 2                  /* neither an object nor an array */
#define JSON_PACKET_E_EMPTY 3                   /* no messages */

enum json_envelope {
	JSON_ENVELOPE_NONE,
	JSON_ENVELOPE_MESSAGES,
	JSON_ENVELOPE_RECORDS,
	JSON_ENVELOPE_LOGS,
	JSON_ENVELOPE_EVENTS,
	JSON_ENVELOPE_RESOURCE_LOGS,
	JSON_ENVELOPE_STREAMS,
	JSON_ENVELOPES
};
#define JSON_ENVELOPE_MIN_NAME 4 /* bytes of the shortest name, and of the longest */
#define JSON_ENVELOPE_MAX_NAME 12
extern const char *const json_envelope_names[JSON_ENVELOPES]; /* NULL: JSON_ENVELOPE_NONE */
/* Whether it holds objects that hold the messages. */
static inline bool json_envelope_is_nested(enum json_envelope envelope)
{
	return envelope >= JSON_ENVELOPE_RESOURCE_LOGS;
}

struct json_packet {
	struct json_slice raw; /* without the white space around it; borrowed, as the id */
	struct json_slice id;  /* as written between its quotes; len 0: it has none */
	uint64_t n_messages;   /* at least 1 */
	enum json_envelope envelope;
	/* An object without fields, or with OTLP's or Loki's envelope and nothing odd in it. Where
	 * that has no messages, none were meant. */
	bool is_hollow;
};

/* The cursor is at its first byte, and is left behind its last. 0, JSON_PACKET_E_*. */
int json_packet_scan(struct json_cursor *c, unsigned depth, struct json_packet *packet) MUST_CHECK;
/* The whole body is one packet. */
int json_packet_read(const char *body, size_t len, unsigned depth,
		     struct json_packet *packet) MUST_CHECK;

#endif
