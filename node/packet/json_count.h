#ifndef WEIR_NODE_JSON_COUNT_H
#define WEIR_NODE_JSON_COUNT_H
/*
 * Validates a packet and counts its messages, as common/json/json_packet.h says what a packet is:
 * with simdjson's first stage (tokens, UTF-8) and json_walk.h up to 1 MiB. Beyond that, and what these do
 * not take for a packet, is read by the scanner of common/. Not a packet: a scalar, an empty
 * array, a byte order mark (it would break the batch it goes out in). One counter per thread; it
 * keeps its memory, at most 4 MiB.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a body is no packet. */
enum json_verdict {
	JSON_OK,
	JSON_BAD_SYNTAX,  /* not one JSON document in UTF-8, or nested deeper than JSON_MAX_DEPTH */
	JSON_NO_OBJECT,   /* a scalar: not an object or an array */
	JSON_NO_MESSAGES, /* an empty array */
	JSON_NO_MEMORY,
	JSON_VERDICTS
};

/* Bytes that must be allocated (any content) behind a body given to json_count. */
extern const size_t json_count_padding;

struct json_counter;
struct json_counter *json_counter_new(void); /* NULL: out of memory */
void json_counter_free(struct json_counter *counter);

/* `*n_messagesp` is set for JSON_OK. */
enum json_verdict json_count(struct json_counter *counter, const char *body, size_t len,
			     uint32_t *n_messagesp);

#ifdef __cplusplus
}
#endif
#endif
