#ifndef WEIR_COMMON_MSGPACK_H
#define WEIR_COMMON_MSGPACK_H
/*
 * Reads MessagePack, item by item, and copies nothing. The items of an array, and the keys and
 * values of a map, follow their header. A length is believed only as far as there are bytes. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define MSGPACK_E_SYNTAX 1

enum msgpack_type {
	MSGPACK_NIL,
	MSGPACK_BOOL,
	MSGPACK_UINT,
	MSGPACK_INT, /* negative */
	MSGPACK_DOUBLE,
	MSGPACK_STR,
	MSGPACK_BIN,
	MSGPACK_EXT,
	MSGPACK_ARRAY,
	MSGPACK_MAP
};

struct msgpack_cursor {
	const char *at, *end;
};

struct msgpack_item {
	enum msgpack_type type;
	union {
		uint64_t number; /* UINT, and 0 or 1 for BOOL */
		int64_t negative;
		double real;
		struct {
			const char *data; /* STR, BIN, EXT; borrowed */
			size_t len;
		};
		size_t n; /* ARRAY: items, MAP: pairs */
	};
	int8_t ext_type;
};

int msgpack_next(struct msgpack_cursor *c, struct msgpack_item *item) MUST_CHECK;
/* Behind the next item and all that is in it, at most `depth` arrays and maps inside each other. */
int msgpack_skip(struct msgpack_cursor *c, unsigned depth) MUST_CHECK;

#endif
