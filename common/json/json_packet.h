#ifndef WEIR_COMMON_JSON_PACKET_H
#define WEIR_COMMON_JSON_PACKET_H
/*
 * What a packet is in JSON, found by a strict scan in constant memory:
 *   object with a "messages" array -> its length     array -> its length     any other object -> 1
 * Of keys that repeat the first one counts. Its id is its top-level field "id", where that is a
 * string. Pure.
 */
#include <stdint.h>

#include "common/json/json_scan.h"

#define JSON_PACKET_E_SYNTAX JSON_SCAN_E_SYNTAX /* not JSON in UTF-8, or nested too deep */
#define JSON_PACKET_E_SCALAR 2                  /* neither an object nor an array */
#define JSON_PACKET_E_EMPTY 3                   /* no messages */

struct json_packet {
	struct json_slice raw; /* without the white space around it; borrowed, as the id */
	struct json_slice id;  /* as written between its quotes; len 0: it has none */
	uint64_t n_messages;   /* at least 1 */
};

/* The cursor is at its first byte, and is left behind its last. 0, JSON_PACKET_E_*. */
int json_packet_scan(struct json_cursor *c, unsigned depth, struct json_packet *packet) MUST_CHECK;
/* The whole body is one packet. */
int json_packet_read(const char *body, size_t len, unsigned depth,
		     struct json_packet *packet) MUST_CHECK;

#endif
