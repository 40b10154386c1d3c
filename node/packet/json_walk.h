#ifndef WEIR_NODE_JSON_WALK_H
#define WEIR_NODE_JSON_WALK_H
/*
 * The grammar of JSON over the tokens of a text, and the count of the messages in it. Pure.
 *
 * The tokens are what simdjson's first stage finds: the offset of each of {}[]:, and of the first byte
 * of each string, number and word. That stage has also checked that the text is UTF-8, and that each
 * string ends and holds no control character (Langdale, Lemire: Parsing Gigabytes of JSON per Second,
 * 2019). Here no number is computed, and no byte of a string is looked at but for its escapes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * True: the text is a packet with *n_messagesp messages, at least 1. False: json_packet_read has to tell
 * what it is. It may be none, an envelope of OTLP or Loki, or one with an escape in a key at the top.
 */
bool json_walk(const char *text, size_t len, const uint32_t *tokens, size_t n_tokens,
	       uint32_t *n_messagesp) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
